import Bytes

extension TensorName {
  /// The layer in the GGUF name of a tensor: 12 in `blk.12.attn_q.weight`.
  public var ggufLayer: Int? {
    guard text.hasPrefix("blk.") else { return nil }
    let digits = text.dropFirst(4).prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, text.dropFirst(4 + digits.count).first == "." else { return nil }
    return Int(digits)
  }

  /// Whether a GGUF name belongs to a layer, also of an encoder or decoder: `enc.blk.12.attn_q.weight`.
  public var isOfGGUFLayer: Bool {
    ["enc.", "dec."].contains { text.hasPrefix($0 + "blk.") } || ggufLayer != nil
  }
}

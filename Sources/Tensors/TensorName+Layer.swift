import Bytes

extension TensorName {
  /// The layer that the name of a tensor in a GGUF states: `blk.12.attn_q.weight` is of layer 12.
  public var ggufLayer: Int? {
    guard text.hasPrefix("blk.") else { return nil }
    let digits = text.dropFirst(4).prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, text.dropFirst(4 + digits.count).first == "." else { return nil }
    return Int(digits)
  }

  /// Whether the name of a tensor in a GGUF is that of one of a layer, in whatever stack: `enc.blk.12.attn_q.weight`.
  public var isOfGGUFLayer: Bool {
    ["enc.", "dec."].contains { text.hasPrefix($0 + "blk.") } || ggufLayer != nil
  }
}

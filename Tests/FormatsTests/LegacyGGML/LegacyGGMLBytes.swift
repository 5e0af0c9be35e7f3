/// Makes the bytes of a file of llama.cpp before GGUF from a literal description, valid or not.
struct LegacyGGMLBytes: Sendable {
  /// A tensor: its record, and as many bytes of data as are given.
  struct Tensor: Sendable {
    var name: [UInt8]
    /// Fastest-varying first, as in the file.
    var dimensions: [UInt32]
    var type: UInt32
    var data: [UInt8]
    /// The rank that is stated; nil for the true one.
    var rank: UInt32?
    var nameByteCount: UInt32?

    /// A tensor of `byteCount` bytes that count up from 1; without it, as many as F32 or F16 takes.
    init(_ name: String, _ dimensions: [UInt32], type: UInt32 = 0, byteCount: Int? = nil) {
      self.name = Array(name.utf8)
      self.dimensions = dimensions
      self.type = type
      let count = dimensions.reduce(1) { $0 &* Int($1) }
      data = (0..<(byteCount ?? count &* (type == 0 ? 4 : 2))).map { UInt8(truncatingIfNeeded: $0 + 1) }
    }
  }

  var magic = "ggjt"
  var version: UInt32? = 1
  /// n_vocab, n_embd, n_mult, n_head, n_layer, n_rot, ftype.
  var header: [UInt32] = [3, 4, 32, 2, 1, 2, 0]
  /// Bytes between header and tokens, for other programs.
  var beforeTokens: [UInt8] = []
  var tokens: [[UInt8]] = [Array(" \u{2047} ".utf8), [], []]
  var scores: [Float]? = [0, 0, 0]
  var tensors: [Tensor] = [
    Tensor("tok_embeddings.weight", [4, 3]), Tensor("norm.weight", [4]),
    Tensor("layers.0.attention.wq.weight", [4, 4], type: 1),
  ]
  var isAligned: Bool { magic == "ggjt" }

  var bytes: [UInt8] {
    var bytes = Array(magic.utf8.reversed()) + (version.map(Self.word) ?? []) + header.flatMap(Self.word)
    bytes += beforeTokens
    for (index, token) in tokens.enumerated() {
      bytes += Self.word(UInt32(token.count)) + token
      if let scores { bytes += Self.word(scores[index].bitPattern) }
    }
    for tensor in tensors {
      bytes += Self.word(tensor.rank ?? UInt32(tensor.dimensions.count))
      bytes += Self.word(tensor.nameByteCount ?? UInt32(tensor.name.count)) + Self.word(tensor.type)
      bytes += tensor.dimensions.flatMap(Self.word) + tensor.name
      if isAligned { bytes += [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32) }
      bytes += tensor.data
    }
    return bytes
  }

  static func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
}

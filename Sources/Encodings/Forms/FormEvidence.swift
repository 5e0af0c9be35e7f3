import Bytes
import Tensors

/// The facts of a checkpoint by which its form is recognized, gathered from headers in one pass.
struct FormEvidence {
  let checkpoint: Checkpoint
  /// config.json; nil where there is none.
  let configuration: JSON?
  /// `quantization_config` of config.json, or of the text model's part; otherwise what a file beside it says.
  let quantization: JSON?
  /// Whether a tensor contains codes, not values.
  let hasCodes: Bool
  /// The first tensor with each word between dots.
  private let tensorByWord: [Substring: Int]

  init(_ checkpoint: Checkpoint, _ configuration: JSON?, _ besideConfiguration: JSON? = nil) {
    self.checkpoint = checkpoint
    self.configuration = configuration
    // compressed-tensors wrote `compression_config` until August 2024.
    let candidates = [configuration, configuration?["text_config"]].flatMap {
      [$0?["quantization_config"], $0?["compression_config"]]
    }
    quantization = candidates.compactMap { $0 }.first { !$0.isNull } ?? besideConfiguration
    hasCodes = checkpoint.tensors.contains(where: \.hasCodes)
    var tensorByWord: [Substring: Int] = [:]
    for (index, tensor) in checkpoint.tensors.enumerated() {
      for word in tensor.name.text.split(separator: ".") where tensorByWord[word] == nil { tensorByWord[word] = index }
    }
    self.tensorByWord = tensorByWord
  }

  /// The same facts of a checkpoint with other tensors.
  func replacing(_ checkpoint: Checkpoint) -> FormEvidence {
    FormEvidence(checkpoint, configuration, quantization)
  }

  /// `quantization_config.quant_method`.
  var method: String? { quantization?["quant_method"]?.string }

  /// The first tensor that has `word` between dots in its name.
  func tensor(_ word: String) -> TensorDescriptor? { tensorByWord[word[...]].map { checkpoint.tensors[$0] } }

  /// The tensor with the last word of this one's name replaced.
  func sibling(of tensor: TensorDescriptor, named word: String) -> TensorDescriptor? {
    let stem = tensor.name.text.split(separator: ".", omittingEmptySubsequences: false).dropLast()
    return checkpoint.tensor(TensorName((stem + [word[...]]).joined(separator: ".")))
  }

  /// The bytes of a small stored tensor that says how others are encoded, such as a JSON text or a shape.
  ///
  /// - Throws: if it has more than `limit` bytes, or cannot be read.
  func content(of tensor: TensorDescriptor, limit: Int = 1 << 16) throws(EncodingError) -> [UInt8] {
    guard let range = tensor.byteRange, range.byteCount <= limit else {
      throw .partShape(tensor, of: nil, expected: "at most \(counted(limit, "byte"))")
    }
    return try head(of: range, byteCount: range.byteCount)
  }

  /// The first bytes of a range, all of it if it has fewer.
  func head(of range: ByteRange, byteCount: Int) throws(EncodingError) -> [UInt8] {
    do throws(FileError) {
      return try checkpoint.files[range.fileIndex].bytes(at: range.offset, count: min(byteCount, range.byteCount))
    } catch {
      throw .unreadable(error)
    }
  }

  /// Returns the key or tensor by which `sign` is there; nil if it is not.
  func shows(_ sign: KnownForm.Sign) -> String? {
    switch sign {
    case .method(let name):
      hasCodes && method?.lowercased() == name ? "quantization_config.quant_method \(name.quoted)" : nil
    case .word(let word): tensor(word).map { "tensor \($0.name.text.quoted)" }
    case .metadata(let key, let value):
      checkpoint.metadata[key]?.text == value ? "\(key) \(value.quoted)" : nil
    case .test(_, let test): test(self)
    }
  }

  /// What config.json says of the codes: `4 bits, groups of 128`.
  var quantizationDetail: String? {
    let source = quantization ?? configuration?["quantization"]
    guard let source, source.object != nil else { return nil }
    var parts: [String] = []
    if source["load_in_8bit"]?.bool == true { parts.append("8 bits") }
    if source["load_in_4bit"]?.bool == true { parts.append(source["bnb_4bit_quant_type"]?.string ?? "4 bits") }
    for key in ["format", "quant_algo", "quant_type", "weights", "scheme"] {
      if let word = source[key]?.string { parts.append(word.escapedForDisplay) }
    }
    if let bits = (source["bits"] ?? source["w_bit"] ?? source["nbits"])?.integer { parts.append(counted(bits, "bit")) }
    if let size = (source["group_size"] ?? source["q_group_size"])?.integer, size > 0 {
      parts.append("groups of \(size.grouped)")
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

extension TensorDescriptor {
  /// Whether it contains codes, not values.
  var hasCodes: Bool {
    switch format?.facts.kind {
    // Positions and masks are integers too, of 64 bits.
    case .integer?: shape.rank >= 2 && format != .bool && (format?.bitsPerElement ?? 64) < 64
    case .float?: (format?.bitsPerElement ?? 0) < 16
    default: false
    }
  }
}

import Bytes
import Formats
import Quantization
import Tensors

extension HeaderCheck {
  /// `general.file_type` of a GGUF names a mixture that its matrices are not.
  var fileTypeFindings: [Finding] {
    let key = "general.file_type"
    guard let value = side.checkpoint.ggufMetadata?[key] else { return [] }
    guard case .uint32(let number) = value else {
      return [Self.keyFinding(.error, "file_type", key, "is of type \(value.type.typeName), and llama.cpp reads u32")]
    }
    let stated = Int(number)
    func finding(_ message: String) -> [Finding] {
      [Self.keyFinding(.warning, "file_type", key, "is \(stated.grouped)\(message)")]
    }
    // The flag says that the number was guessed.
    let plain = stated & ~Self.guessedFlag
    guard let recipe = Recipe.all.first(where: { $0.fileType.map(Int.init) == plain }) else {
      return Self.retiredNumbers.contains(plain) ? [] : finding(", which is not a known file type")
    }
    var counts: [StorageFormat: Int] = [:]
    for tensor in side.checkpoint.tensors where tensor.shape.rank > 1 {
      if let format = tensor.format { counts[format, default: 0] += tensor.shape.elementCount }
    }
    guard let format = recipe.format,
      let most = counts.max(by: { ($0.value, $1.key.name) < ($1.value, $0.key.name) })?.key, most != format
    else {
      return []
    }
    // A mixture may have little of its own format; one that is not quantized has most.
    guard counts[format] == nil || !format.isQuantized || format == .q8_0 else { return [] }
    // Rows that are not whole blocks get other formats.
    let replacements = Set(side.checkpoint.tensors.map { format.fitting(rowElementCount: $0.shape.rowElementCount) })
    guard replacements.isDisjoint(with: counts.keys) || !format.isQuantized else { return [] }
    return finding(" (\(recipe.name)), but most of the matrices are \(most)")
  }

  /// `LLAMA_FTYPE_GUESSED`.
  private static let guessedFlag = 1024
  /// Numbers of formats that llama.cpp had once.
  private static let retiredNumbers: Set<Int> = [4, 5, 6, 33, 34, 35]

  /// transformers 4 loads a file with metadata only if it names the format of its tensors.
  var formatFindings: [Finding] {
    guard let metadata = side.checkpoint.safeTensorsMetadata, side.model?.configuration != nil, !metadata.pairs.isEmpty,
      !["pt", "tf", "flax", "mlx"].contains(metadata["format"]?.text ?? "")
    else { return [] }
    let found = metadata["format"]?.text.map { "\"format\" is \($0.quoted)" } ?? "\"format\" is missing"
    return [
      Finding(
        .warning, "format", subject, "\(found) in the metadata of the safetensors, and transformers 4 expects \"pt\"")
    ]
  }
}

import Bytes
import Tensors

// An importance matrix in a GGUF (llama-imatrix, llama.cpp 0c1e57098):
//
// general.type         = "imatrix"
// imatrix.datasets     = the names of the texts
// imatrix.chunk_count  = u32, chunks of text that were used
// imatrix.chunk_size   = u32, tokens per chunk
// NAME.in_sum2         = F32 [experts, columns], Σ x² of the input activations x of each column
// NAME.counts          = F32 [experts, 1], the number of x; one count for all experts if all got the same rows

extension ImportanceMatrix {
  static let datasetsKey = "imatrix.datasets"
  static let chunkCountKey = "imatrix.chunk_count"
  static let chunkSizeKey = "imatrix.chunk_size"
  static let sumsSuffix = ".in_sum2"
  static let countsSuffix = ".counts"

  /// Finds the entries of a GGUF; tensors with other names are ignored, as in llama-quantize.
  init(_ contents: ParsedHeader) throws(ImportanceMatrixError) {
    guard contents.facts["byteOrder"] != ByteOrder.bigEndian.rawValue else { throw .bigEndian }
    var sums: [(name: TensorName, tensor: TensorDescriptor)] = []
    var counts: [TensorName: TensorDescriptor] = [:]
    for tensor in contents.tensors {
      let text = tensor.name.text
      let suffix = [Self.sumsSuffix, Self.countsSuffix].first { text.hasSuffix($0) }
      guard let suffix, text.utf8.count > suffix.utf8.count else { continue }
      guard tensor.format == .f32 else {
        throw .format(tensor: tensor.name, found: tensor.declaredFormat.description)
      }
      let name = TensorName(String(text.dropLast(suffix.count)))
      if suffix == Self.sumsSuffix { sums.append((name, tensor)) } else { counts[name] = tensor }
    }
    guard !sums.isEmpty || !counts.isEmpty else { throw .notAMatrix }
    let datasets = try Self.datasets(contents.metadata)
    let chunkCount = try Self.count(Self.chunkCountKey, contents.metadata)
    let chunkSize = try Self.count(Self.chunkSizeKey, contents.metadata)
    var entries: [Entry] = []
    for (name, tensor) in sums {
      guard let countsTensor = counts.removeValue(forKey: name) else {
        throw .unpaired(name, found: tensor.name.text, missing: name.text + Self.countsSuffix)
      }
      let valueCount = tensor.shape.elementCount, countCount = countsTensor.shape.elementCount
      guard valueCount > 0, countCount > 0, valueCount.isMultiple(of: countCount) else {
        throw .countsDoNotDivide(name, valueCount: valueCount, countCount: countCount)
      }
      let stated = try Self.floats(contents.file, at: countsTensor.fileOffset, count: countCount)
      entries.append(
        Entry(
          name: name, valueCount: valueCount, counts: try Self.wholeCounts(stated, of: name),
          fileOffset: tensor.fileOffset))
    }
    if let (name, tensor) = counts.min(by: { $0.key < $1.key }) {
      throw .unpaired(name, found: tensor.name.text, missing: name.text + Self.sumsSuffix)
    }
    self.init(
      contents.file, .gguf, entries: entries, datasets: datasets, chunkCount: chunkCount, chunkSize: chunkSize)
  }

  private static func datasets(_ metadata: Metadata) throws(ImportanceMatrixError) -> [ByteString] {
    guard let value = metadata[datasetsKey] else { throw .missingKey(datasetsKey) }
    guard let strings = value.strings else { throw .keyType(datasetsKey, found: value.type.name) }
    return strings.map { ByteString($0) }
  }

  private static func count(_ key: String, _ metadata: Metadata) throws(ImportanceMatrixError) -> Int {
    guard let value = metadata[key] else { throw .missingKey(key) }
    guard case .uint32(let count) = value else { throw .keyType(key, found: value.type.name) }
    return Int(count)
  }
}

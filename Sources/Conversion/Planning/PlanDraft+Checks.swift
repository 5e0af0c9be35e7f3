import Bytes
import Formats
import Models
import Quantization
import Tensors

extension PlanDraft {
  /// Adds a problem if the tensors' bytes are in an order that is not converted.
  mutating func checkByteOrder() {
    guard model.checkpoint.containerFacts["byteOrder"] == ByteOrder.bigEndian.rawValue else { return }
    problems += model.checkpoint.tensors.prefix(1).map { TensorProblem($0, .bigEndian) }
  }

  /// The one format that is asked for, with a problem if the output cannot have it; nil if none is.
  mutating func requestedFormat() -> StorageFormat? {
    guard case .format(let format) = request.type else { return nil }
    if !Codec.canEncode(format) { problems.append(ConversionError.notARealFormat(format)) }
    let (container, canStore) =
      request.partition != nil
      ? ("PyTorch", PyTorch.canStore(format))
      : target == .gguf ? ("GGUF", format.facts.ggmlType != nil) : ("safetensors", format.facts.isSafeTensorsType)
    if !canStore { problems.append(ConversionError.unwritableFormat(format, container: container)) }
    return format
  }

  /// Adds formats that cannot be decoded or encoded, and tensors that would be quantized twice.
  mutating func checkCodecs() {
    var requantized: [StorageFormat: (to: StorageFormat, count: Int)] = [:]
    for tensor in tensors {
      for source in tensor.sources {
        guard let format = source.descriptor.format, tensor.format != format || tensor.reader?.isAdapted == true else {
          continue
        }
        if !Codec.canDecode(format) { problems.append(TensorProblem(source.descriptor, .notDecodable(format))) }
        if !Codec.canEncode(tensor.format) {
          problems.append(TensorProblem(source.descriptor, .notEncodable(tensor.format)))
        }
        if format.isQuantized, tensor.format.isQuantized {
          requantized[format] = (tensor.format, (requantized[format]?.count ?? 0) + 1)
        }
      }
    }
    guard request.requantization == .refuse else { return }
    problems += requantized.sorted { $0.key.name < $1.key.name }.map { from, entry in
      ConversionError.requantizing(from: from, to: entry.to, tensorCount: entry.count)
    }
  }

  /// Adds a message for each group of tensors that fell back to another format, or a problem if that is refused.
  mutating func reportFallbacks() {
    let parameterCount = tensors.reduce(0) { $0 + $1.shape.elementCount }
    for group in fallbacks.groups {
      let message = group.message(parameterCount: parameterCount)
      switch request.fallback {
      case .allow: messages.append(.warning(message))
      case .refuse: problems.append(ConversionError.fallback(message))
      }
    }
  }

  /// Throws if an output would replace an input, an existing file, or leave other weights next to it.
  func requireFreeOutputs(_ paths: [String]) throws {
    for path in paths where path != replacedInput && model.isRead(from: path) { throw FileError.isInput(path: path) }
    for path in paths { try AtomicFile.requireFree(path, overwrite: request.overwrite) }
    guard target == .folder, OutputFolder(destination).exists else { return }
    try requireNoOthers(in: destination, paths) { SideFiles.isWeights($0) }
    guard case .megatron? = request.partition else { return }
    // Ranks of another grid, and what training saved beside the model.
    let save = Path.join(destination, MegatronSplit.saveName)
    let ranks = Set(paths.map { Path.folder(of: $0) }).filter { Path.folder(of: $0) == save }
    try requireNoOthers(in: save, Array(ranks)) { _ in true }
    for rank in ranks.sorted() { try requireNoOthers(in: rank, paths) { _ in true } }
  }

  /// Throws if a folder that is there has something of a model that is not at one of `paths`.
  private func requireNoOthers(in folder: String, _ paths: [String], _ isOfModel: (String) -> Bool) throws {
    guard OutputFolder(folder).exists else { return }
    let written = Set(
      paths.filter { Path.folder(of: $0) == Path.folder(of: Path.join(folder, "x")) }.map { Path.name(of: $0) })
    for name in try OutputFolder(folder).names()
    where isOfModel(name) && !name.hasPrefix(".") && !written.contains(name) {
      throw ConversionError.otherWeights(folder: folder, name: name)
    }
  }
}

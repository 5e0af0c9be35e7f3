import Bytes
import Formats
import Models
import Quantization
import Tensors

extension DraftPlanner {
  /// Names a GGUF if the request does not.
  ///
  /// In a folder it gets the name of the naming convention, as the reference converter gives it. In a name, placeholders are
  /// replaced (`OutputPattern`).
  mutating func nameOutput() throws {
    let destination = draft.request.destination
    // The shards of llama-gguf-split begin with the name, also if it is that of a folder.
    let isPrefix = if case .divide = draft.request.split { true } else { false }
    guard isPrefix || !OutputFolder(destination).exists else {
      draft.destination = Path.join(destination, try conventionalName(format: draft.formatName))
      return
    }
    draft.destination = draft.nameParts.path(destination)
  }
}

extension PlanDraft {
  /// The values of placeholders in names.
  var nameParts: OutputPattern.Values { OutputPattern.Values(name: sourceName, format: formatName) }

  /// The name that the user gives the model, as part of a file's name, or that of the source.
  private var sourceName: String {
    guard let name = request.modelName, !name.isEmpty else { return SourceName.text(of: model.checkpoint.path) }
    return name.replacing(scalar: " ", with: "-").replacing(scalar: "/", with: "-")
  }

  /// The recipe, the format asked for, or that of most parameters.
  var formatName: String {
    if let name = request.type.formatRules?.name ?? type?.name { return name }
    return mostCommonFormat.name
  }

  /// The format of most parameters.
  var mostCommonFormat: StorageFormat { tensors.mostCommonFormat }

  /// The format that `general.file_type` names: as the converter does, that of blocks that are repacked from FP4, unless the
  /// other matrices are quantized.
  var namedFormat: StorageFormat {
    let format = type ?? mostCommonFormat
    let repacked = tensors.lazy.compactMap(\.repacked?.format).first { [.mxfp4, .nvfp4].contains($0) }
    return format.isQuantized ? format : repacked ?? format
  }

  /// The name of the naming convention, from the metadata of a GGUF.
  func conventionalNameOfSource(format: String) -> String {
    func string(_ key: String) -> String? {
      guard case .string(let string)? = model.checkpoint.metadata["general." + key] else { return nil }
      return string.text
    }
    return GGUFFileName.text(
      name: string("name"), basename: string("basename"), sizeLabel: string("size_label"),
      finetune: string("finetune"), version: string("version"), format: format)
  }
}

extension [DraftTensor] {
  /// The format of most parameters.
  var mostCommonFormat: StorageFormat {
    var counts: [StorageFormat: Int] = [:]
    for tensor in self { counts[tensor.format, default: 0] += tensor.shape.elementCount }
    return counts.max { ($0.value, $1.key.name) < ($1.value, $0.key.name) }?.key ?? .f32
  }
}

/// The name of a source, for the names of files that are made of it.
enum SourceName {
  /// `Llama-3.1-8B` of the folder, of `Llama-3.1-8B-F16.gguf`, and of any shard of it; the folder's name where a file is only
  /// called `model`.
  static func text(of path: String) -> String {
    let path = withoutRevision(path)
    let resolved = InputLocation.resolved(path)
    let folder = Path.folder(of: resolved), file = Path.name(of: resolved)
    if InputLocation.kind(at: resolved) == .folder { return file == "/" ? generic : file }
    let stem = withoutFormat(ShardName(file)?.stem ?? withoutEnding(Compression.unpackedName(file)))
    guard stem.isEmpty || stem == generic else { return stem }
    let name = Path.name(of: folder)
    return name == "/" ? generic : name
  }

  /// `hf:org/repo` of `hf:org/repo@revision`: the model is the same.
  private static func withoutRevision(_ path: String) -> String {
    guard InputLocation.isRemote(path), !Path.folder(of: path).contains("/") else { return path }
    return String(path.prefix { $0 != "@" })
  }

  private static let generic = "model"
  private static let endings = [".index.json", ".safetensors", ".gguf"]

  private static func withoutEnding(_ name: String) -> String {
    var name = name
    for ending in endings where Path.hasEnding(name, ending) { name = String(name.dropLast(ending.count)) }
    return name
  }

  /// The stem without the storage format or recipe at its end.
  private static func withoutFormat(_ stem: String) -> String {
    guard let separator = stem.lastIndex(where: { $0 == "-" || $0 == "." }), separator > stem.startIndex else {
      return stem
    }
    let last = stem[stem.index(after: separator)...].uppercased()
    let isFormat = StorageFormat(named: last) != nil || Recipe.names.contains(last)
    return isFormat ? String(stem[..<separator]) : stem
  }
}

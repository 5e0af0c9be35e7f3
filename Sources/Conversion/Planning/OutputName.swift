import Bytes
import Models
import Tensors

extension DraftPlanner {
  /// Names a GGUF if the request does not.
  ///
  /// In a folder it gets the name of the naming convention, as the reference converter gives it. In a name, `{ftype}` and
  /// `{outtype}` are replaced by the storage format, in capitals if they are.
  mutating func nameOutput() throws {
    let destination = draft.request.destination
    guard !OutputFolder(destination).exists else {
      draft.destination = Path.join(destination, try conventionalName(format: draft.formatName))
      return
    }
    var name = Path.name(of: destination)
    for placeholder in ["{ftype}", "{outtype}"] {
      let format = draft.formatName
      name = name.split(separator: placeholder, omittingEmptySubsequences: false).joined(separator: format.lowercased())
      name = name.split(separator: placeholder.uppercased(), omittingEmptySubsequences: false)
        .joined(separator: format.uppercased())
    }
    guard name != Path.name(of: destination) else { return }
    draft.destination = Path.join(Path.folder(of: destination), name)
  }
}

extension PlanDraft {
  /// The recipe, the format asked for, or that of most parameters.
  fileprivate var formatName: String {
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

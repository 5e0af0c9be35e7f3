import Bytes
import Models
import Tensors

extension Planner {
  /// Names a GGUF where the request leaves that open.
  ///
  /// In a folder it gets the name of the naming convention, as the reference converter gives it. In a name, `{ftype}` and
  /// `{outtype}` stand for the storage format, in capitals if they are.
  mutating func nameOutput(_ tensors: [PlannedTensor], _ type: StorageFormat?) throws {
    let format = formatName(tensors, type)
    if OutputFolder(request.destination).exists {
      request.destination = Path.join(request.destination, try conventionalName(tensors, format))
      return
    }
    var name = Path.name(of: request.destination)
    for placeholder in ["{ftype}", "{outtype}"] {
      name = name.split(separator: placeholder, omittingEmptySubsequences: false).joined(separator: format.lowercased())
      name = name.split(separator: placeholder.uppercased(), omittingEmptySubsequences: false)
        .joined(separator: format.uppercased())
    }
    guard name != Path.name(of: request.destination) else { return }
    request.destination = Path.join(Path.folder(of: request.destination), name)
  }

  /// The recipe, the format asked for, or that of most parameters.
  private func formatName(_ tensors: [PlannedTensor], _ type: StorageFormat?) -> String {
    if let name = recipe?.name ?? type?.name { return name }
    var counts: [StorageFormat: Int] = [:]
    for tensor in tensors { counts[tensor.format, default: 0] += tensor.shape.elementCount }
    return counts.max { ($0.value, $1.key.name) < ($1.value, $0.key.name) }?.key.name ?? StorageFormat.f32.name
  }

  private func conventionalName(_ tensors: [PlannedTensor], _ format: String) throws -> String {
    guard let metadata = model.facts.ggufMetadata else { return try general(tensors).fileName(format: format) }
    func stated(_ key: String) -> String? {
      guard case .string(let text)? = metadata["general." + key] else { return nil }
      return text.text
    }
    return GGUFFileName.text(
      name: stated("name"), basename: stated("basename"), sizeLabel: stated("size_label"),
      finetune: stated("finetune"), version: stated("version"), format: format)
  }
}

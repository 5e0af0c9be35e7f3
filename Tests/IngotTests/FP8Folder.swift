import Ingot
import TestSupport
import Testing

/// A model folder whose weights are FP8, and what may be wrong with one.
struct FP8Folder {
  static let names = ["mistral-blocks", "qwen3-moe-blocks", "qwen3-scales"]

  /// The folder with FP8 weights, and the one that torch decoded.
  let path: String, decoded: String
  private let folders = [TemporaryFolder(), TemporaryFolder()]

  init(_ name: String) throws {
    func stage(_ name: String, _ folder: TemporaryFolder) throws -> String {
      try #require(try ArchitectureFixture.all.first { $0.name == name }).stage(in: folder)
    }
    path = try stage(name + "-fp8", folders[0])
    decoded = try stage(name, folders[1])
  }

  /// Changes the members of config.json.
  func editConfiguration(_ edit: (inout JSON.Object) -> Void) throws {
    let file = Path.join(path, "config.json")
    var members = try #require(try JSON(parsing: LocalFile(file).wholeContent(limit: 1 << 20)).object)
    edit(&members)
    try AtomicFile.write(JSON.object(members).encoded(.indented), to: file, overwrite: .replace)
  }

  /// Replaces or removes stored tensors.
  func editTensors(_ edit: (String, inout StoredTensor) -> Bool) throws {
    try StoredTensor.edit(Path.join(path, "model.safetensors"), edit)
  }

  func open() throws -> Model { try Model.open(path, library: .bundled()) }
}

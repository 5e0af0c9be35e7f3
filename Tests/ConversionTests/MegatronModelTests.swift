import Bytes
import Conversion
import Models
import TestSupport
import Tensors
import Testing

/// A model in a grid of Megatron-LM is the model that a script split.
@Suite("A model in a grid of Megatron-LM")
struct MegatronModelTests {
  /// Grids, and the folders with the same weights.
  static let pairs = [
    ("core", "twin"), ("local", "twin"), ("legacy", "twin"), ("tied", "twin-tied"), ("version-0", "twin-bias"),
    ("version-1", "twin-bias"),
  ]

  @Test("gives the folder that was split, bit for bit", arguments: pairs)
  func folder(grid: String, twin: String) throws {
    let folder = TemporaryFolder()
    try convert(Fixtures.path("megatron", grid), to: folder.file("out"))
    #expect(try tensorBytes(folder.file("out")) == tensorBytes(Fixtures.path("megatron", twin)))
  }

  @Test("gives the tensors of the GGUF of its twin", arguments: pairs)
  func gguf(grid: String, twin: String) throws {
    let folder = TemporaryFolder()
    try convert(Fixtures.path("megatron", grid), to: folder.file("grid.gguf"))
    try convert(Fixtures.path("megatron", twin), to: folder.file("twin.gguf"))
    #expect(try tensorBytes(folder.file("grid.gguf")) == tensorBytes(folder.file("twin.gguf")))
  }

  @Test("has the hyperparameters that the arguments of training state", arguments: pairs)
  func hyperparameters(grid: String, twin: String) throws {
    let model = try Model.open(Fixtures.path("megatron", grid), library: .bundled())
    let other = try Model.open(Fixtures.path("megatron", twin), library: .bundled())
    #expect(model.scheme.name == "megatron")
    #expect(model.definition.name == other.definition.name)
    #expect(model.hyperparameters.values == other.hyperparameters.values)
    #expect(model.hyperparameters.rotaryScaling == other.hyperparameters.rotaryScaling)
    #expect(model.origin(of: "rotary_base")?.description == "args.rotary_base")
    #expect(model.origin(of: "vocabulary_size")?.description == "args.vocab_size")
  }
}

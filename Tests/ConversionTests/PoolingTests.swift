import Bytes
import Conversion
import Formats
import Models
import TestSupport
import Testing

/// The files by which sentence-transformers knows how an encoder pools its vectors.
@Suite("Stages of pooling")
struct PoolingTests {
  let folder = TemporaryFolder()

  private func encoder() throws -> String {
    let fixture = try ArchitectureFixture.named("bert-bge")
    return try fixture.stage(in: folder)
  }

  private func poolingType(_ path: String) throws -> Int? {
    try Model.open(path, library: .bundled()).hyperparameters.integer("pooling_type")
  }

  @Test("are copied from folder to folder")
  func copied() throws {
    let source = try encoder()
    try convert(source, to: folder.file("copy"))
    for file in ["modules.json", "1_Pooling/config.json"] {
      let original = try LocalFile(Path.join(source, file)).wholeContent(limit: 1 << 16)
      #expect(try LocalFile(Path.join(folder.file("copy"), file)).wholeContent(limit: 1 << 16) == original)
    }
  }

  @Test("are written from a GGUF")
  func written() throws {
    try convert(try encoder(), to: folder.file("model.gguf"))
    try convert(folder.file("model.gguf"), to: folder.file("back"))
    #expect(try ModelFolder(folder.file("back")).poolingMode() == "cls")
    #expect(try poolingType(folder.file("back")) == 2)
    let configuration = try #require(try ModelFolder(folder.file("back")).json("config.json"))
    #expect(configuration["sentence_transformers"] == nil)
  }

  @Test(
    "finds the mode",
    arguments: [
      (#"{"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":true}"#, "mean"),
      (#"{"pooling_mode":"lasttoken"}"#, "lasttoken"),
      (#"{"pooling_mode_max_tokens":true}"#, "pooling_mode_max_tokens"),
      ("{}", nil),
    ] as [(String, String?)])
  func mode(json: String, expected: String?) throws {
    let source = try encoder()
    try write(json, to: Path.join(source, "1_Pooling/config.json"))
    #expect(try ModelFolder(source).poolingMode() == expected)
  }

  @Test("are searched for in the folder alone", arguments: ["../other", "/tmp", "..", "a/b", ""])
  func strangePath(path: String) throws {
    let source = try encoder()
    try write(#"[{"path":"\#(path)","type":"x.Pooling"}]"#, to: Path.join(source, "modules.json"))
    #expect(try ModelFolder(source).poolingMode() == nil)
    #expect(try ModelFolder(source).moduleFolders().isEmpty)
  }

  @Test("are refused with a mode that a GGUF cannot have")
  func unknownMode() throws {
    let source = try encoder()
    try write(#"{"pooling_mode_max_tokens":true}"#, to: Path.join(source, "1_Pooling/config.json"))
    #expect(throws: (any Error).self) { try poolingType(source) }
  }

  private func write(_ text: String, to path: String) throws {
    let file = try AtomicFile(path, overwrite: .replace)
    try file.write(Array(text.utf8), at: 0)
    try AtomicFile.commit([file])
  }
}

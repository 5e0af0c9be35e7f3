import Bytes
import Conversion
import TestSupport
import Testing

/// What a GGUF is called where the request leaves it open; the names are the reference converter's.
@Suite("The name of an output")
struct OutputNameTests {
  private let folder = TemporaryFolder()

  private func names(_ destination: String, from source: String = Fixtures.path("llama-gqa")) throws -> [String] {
    try convert(source, to: destination) {
      $0.target = .gguf
      $0.type = .format(.q8_0)
    }
    return folder.names
  }

  @Test("in a folder follows the naming convention")
  func convention() throws {
    #expect(try names(folder.path) == ["Llama-Gqa-189K-Q8_0.gguf"])
  }

  @Test("of a converted GGUF follows the naming convention")
  func fromGGUF() throws {
    let source = Fixtures.path("expected/llama-gqa/llama-gqa-bf16.gguf")
    #expect(try names(folder.path, from: source) == ["Llama-Gqa-189K-Q8_0.gguf"])
  }

  @Test("has the format in place of its placeholders")
  func placeholders() throws {
    #expect(try names(folder.file("x-{ftype}-{OUTTYPE}.gguf")) == ["x-q8_0-Q8_0.gguf"])
  }
}

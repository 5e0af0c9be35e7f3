import Bytes
import Conversion
import Models
import TestSupport
import Testing

@Suite("The pattern of an output's name")
struct OutputPatternTests {
  private let folder = TemporaryFolder()

  /// The name of the output of a conversion of the file or folder `source`.
  private func name(_ pattern: String, of source: String, modelName: String? = nil) throws -> String {
    let path = folder.file(source)
    if source.hasSuffix(".gguf") {
      let bytes = try LocalFile(Fixtures.path("expected/llama-gqa/llama-gqa-bf16.gguf")).wholeContent(limit: 1 << 20)
      try folder.write(bytes, to: source)
    } else {
      try FileSystem.createFolder(Path.folder(of: path))
      for name in try FileSystem.list(Fixtures.path("llama-gqa")) {
        let bytes = try LocalFile(Fixtures.path("llama-gqa", name)).wholeContent(limit: 1 << 20)
        try AtomicFile.write(bytes, to: Path.join(Path.folder(of: path), name), overwrite: .replace)
      }
    }
    var request = ConversionRequest(destination: folder.file(pattern))
    request.target = .gguf
    request.modelName = modelName
    request.type = .format(.q8_0)
    let plan = try Planner.plan(try Model.open(path, library: .bundled()), request)
    return String(plan.destination.dropFirst(folder.path.utf8.count + 1))
  }

  @Test(
    "becomes",
    arguments: [
      ("{name}-{ftype}.gguf", "Tiny-1B-BF16.gguf", "Tiny-1B-q8_0.gguf"),
      ("{name}-{FTYPE}.gguf", "Tiny-1B.f16.gguf", "Tiny-1B-Q8_0.gguf"),
      ("{name}.{OUTTYPE}.gguf", "Tiny-Q4_K_M-chat.gguf", "Tiny-Q4_K_M-chat.Q8_0.gguf"),
      ("{name}-{outtype}.gguf", "Llama-2.gguf", "Llama-2-q8_0.gguf"),
      ("{name}-{ftype}-{name}.gguf", "Tiny/model.safetensors", "Tiny-q8_0-Tiny.gguf"),
      ("{name}-{ftype}.gguf", "{ftype}{name}/model.safetensors", "{ftype}{name}-q8_0.gguf"),
      ("{{name}}-{ftype.gguf", "T.gguf", "{T}-{ftype.gguf"),
      ("{Name}-}{}{x}.gguf", "T.gguf", "{Name}-}{}{x}.gguf"),
      ("{name}.gguf", "-F16.gguf", "-F16.gguf"),
    ])
  func expansion(pattern: String, source: String, expected: String) throws {
    if pattern == "{name}.gguf" {
      // The output would replace the input.
      #expect(throws: (any Error).self) { try name(pattern, of: source) }
    } else {
      #expect(try name(pattern, of: source) == expected)
    }
  }

  @Test("takes a name that is given, without its slashes and spaces")
  func givenName() throws {
    #expect(try name("{name}.gguf", of: "T/model.safetensors", modelName: "org/My {ftype}") == "org-My-{ftype}.gguf")
  }

  @Test(
    "for several types is refused",
    arguments: [
      ("out.gguf", #"out.gguf: is one name for 2 types (put {ftype} into it)"#),
      ("{name}.gguf", #"{name}.gguf: is one name for 2 types (put {ftype} into it)"#),
      (
        "{name}-{quant}-{ftype}.gguf",
        #"{name}-{quant}-{ftype}.gguf: placeholder "{quant}" is unknown, expected {name}, {ftype} or {FTYPE}"#
      ),
      ("{ftype}-{}.gguf", #"{ftype}-{}.gguf: placeholder "{}" is unknown, expected {name}, {ftype} or {FTYPE}"#),
      ("{Ftype}.gguf", #"{Ftype}.gguf: placeholder "{Ftype}" is unknown, expected {name}, {ftype} or {FTYPE}"#),
      ("{ftype}/{name}.gguf", "{ftype}/{name}.gguf: {ftype} is in the name of a folder, expected in that of the file"),
      ("a\n{b}{ftype}", #"a\n{b}{ftype}: placeholder "{b}" is unknown, expected {name}, {ftype} or {FTYPE}"#),
    ])
  func refusals(pattern: String, message: String) throws {
    #expect {
      try OutputPattern(pattern).requireDistinguishingTypes(["Q8_0", "Q4_0"])
    } throws: { "\($0)" == message }
  }

  @Test(
    "for several types is accepted", arguments: ["{ftype}.gguf", "{x}/{name}-{FTYPE}.gguf", "{{ftype}}.gguf", "/tmp"])
  func accepted(pattern: String) throws {
    try OutputPattern(pattern).requireDistinguishingTypes(["Q8_0", "Q4_0"])
  }
}

import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing

@Suite("A refusal")
struct RefusalTests {
  let folder = TemporaryFolder()

  /// A copy of a fixture in which bytes of its one weights file were changed.
  private func copy(_ name: String, _ edit: (inout [UInt8]) -> Void) throws -> String {
    let copy = folder.file(name)
    try FileSystem.createFolder(copy)
    for file in try FileSystem.list(Fixtures.path(name)) {
      var bytes = try LocalFile(Fixtures.path(name, file)).wholeContent(limit: 1 << 20)
      if file == "model.safetensors" { edit(&bytes) }
      try AtomicFile.write(bytes, to: Path.join(copy, file), overwrite: .replace)
    }
    return copy
  }

  private func expect(_ message: String, _ body: () throws -> Void) {
    #expect { try body() } throws: { "\($0)" == message }
  }

  @Test("of an existing output ends with --overwrite")
  func existingOutput() throws {
    let output = try folder.write([1], to: "out.gguf")
    expect("\(output): already exists (pass --overwrite to replace it)") {
      try convert(Fixtures.path("llama-gqa"), to: output)
    }
    #expect(try LocalFile(output).byteCount == 1)
    try convert(Fixtures.path("llama-gqa"), to: output) { $0.overwrite = .replace }
    #expect(try LocalFile(output).byteCount > 100_000)
  }

  @Test("of an output that is an input is final")
  func inputAsOutput() throws {
    try convert(Fixtures.path("llama-gqa"), to: folder.file("a.gguf"))
    let path = folder.file("a.gguf")
    expect("\(path): output is also an input (choose another name)") {
      try convert(path, to: path) { $0.overwrite = .replace }
    }
  }

  @Test("lists all unmapped and missing tensors")
  func allProblems() throws {
    let source = try copy("llama-gqa") { bytes in
      // A name changes in place, so the header keeps its length.
      let text = Array("layers.1.input_layernorm".utf8)
      for start in 0..<8192 where bytes[start...].starts(with: text) { bytes[start + text.count - 1] = 0x6E }
    }
    expect(
      """
      \(source): tensor "model.layers.1.input_layernorn.weight": no tensor of the naming scheme "hf" has this name \
      (--mapping FILE can name it)
      \(source): tensor "model.layers.1.input_layernorm.weight": is missing (it is the attention norm)
      """
    ) { try convert(source, to: folder.file("out.gguf")) }
    #expect(folder.names == ["llama-gqa"])
  }

  @Test("of values that overflow names the tensor")
  func overflow() throws {
    // The first number of the file, in the output matrix, becomes 1e38.
    let source = try copy("llama-gqa") { $0.setFirstNumber([0x96, 0x7E]) }
    #expect { try convert(source, to: folder.file("out.gguf")) { $0.type = .format(.f16) } } throws: {
      "\($0)".contains("1 value overflow F16, first at row") && "\($0)".hasSuffix("(use BF16 or F32)")
    }
    #expect(folder.names == ["llama-gqa"])
  }

  @Test("of NaN names the format")
  func nan() throws {
    let source = try copy("llama-gqa") { $0.setFirstNumber([0xC0, 0x7F]) }
    #expect { try convert(source, to: folder.file("out.gguf")) { $0.type = .format(.q8_0) } } throws: {
      "\($0)".contains("is not a finite number, which Q8_0 cannot hold")
    }
    #expect(folder.names == ["llama-gqa"])
  }

  @Test("of quantizing twice names --allow-requantize")
  func requantizing() throws {
    let source = Fixtures.path("expected", "yi", "yi-q8_0.gguf")
    expect(
      "\(source): 23 tensors are already quantized (Q8_0); quantizing again to Q4_0 adds error (pass --allow-requantize)"
    ) { try convert(source, to: folder.file("out.gguf")) { $0.type = .format(.q4_0) } }
    try convert(source, to: folder.file("out.gguf")) {
      $0.type = .format(.q4_0)
      $0.requantization = .allow
    }
  }

  @Test("of a wrong request names the option")
  func wrongRequests() throws {
    let source = Fixtures.path("llama-gqa")
    expect("naming scheme \"mistral\" is unknown for this architecture (known: hf, gguf, yi, bare, meta, megatron)") {
      try convert(source, to: folder.file("out")) { $0.naming = "mistral" }
    }
    expect("\(source): --tensor-type \"nothing\" matches no tensor") {
      try convert(source, to: folder.file("out.gguf")) {
        $0.typeOverrides = [.init(pattern: "nothing", format: .f32)]
      }
    }
    expect("\(source): Q8_0 cannot be stored in a safetensors file") {
      try convert(source, to: folder.file("out")) { $0.type = .format(.q8_0) }
    }
    #expect(folder.names == [])
  }

  @Test("of a folder with other weights names them")
  func otherWeights() throws {
    try FileSystem.createFolder(folder.file("out"))
    try folder.write([0], to: "out/model-00001-of-00009.safetensors")
    expect(
      "\(folder.file("out")): contains \"model-00001-of-00009.safetensors\", which is not part of this output "
        + "(remove it or choose another folder)"
    ) { try convert(Fixtures.path("llama-gqa"), to: folder.file("out")) { $0.overwrite = .replace } }
  }
}

extension [UInt8] {
  /// Replaces the first two bytes behind the header of a safetensors file.
  fileprivate mutating func setFirstNumber(_ number: [UInt8]) {
    let start = 8 + self[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    replaceSubrange(start..<start + 2, with: number)
  }
}

import Architectures
import Bytes
import Formats
import Inspection
import Models
import TestSupport
import Testing

@Suite("A list of digests")
struct DigestListTests {
  private func digest(_ path: String) throws -> CheckpointDigest {
    let report = try CheckpointReport(path: path, library: .bundled())
    let recognition = report.recognition ?? .unknown(reason: "")
    return try CheckpointDigest(recognition, report.checkpoint, threads: 2) { _ in }
  }

  private func check(_ text: String, of model: String? = nil, in folder: TemporaryFolder) throws -> DigestListCheck {
    try folder.write(Array(text.utf8), to: "digests.txt")
    let list = try DigestList(InputLocation.openFile(folder.file("digests.txt")))
    return try DigestListCheck(list, of: model) { try digest($0) }
  }

  /// The list that `ingot hash` prints of a model.
  private func list(_ path: String) throws -> String {
    let digest = try digest(path)
    return digest.entries.map { "\($0.sha256)  \($0.name.text)\n" }.joined() + "\(digest.sha256)  \(path)\n"
  }

  @Test("matches the model that it is of, and a renamed copy")
  func matches() throws {
    let folder = TemporaryFolder()
    let text = try list(Fixtures.path("llama-gqa"))
    let own = try check(text, in: folder)
    #expect(own.passes)
    #expect(own.entries.map(\.subject).filter { $0 == .tensor }.count == 30)
    #expect(try check(text, of: Fixtures.path("meta/model.safetensors"), in: folder).passes)
  }

  @Test("names each tensor of another model that differs")
  func differences() throws {
    let folder = TemporaryFolder()
    let check = try check(list(Fixtures.path("llama-gqa")), of: Fixtures.path("llama-bias"), in: folder)
    #expect(!check.passes)
    #expect(check.entries.last?.subject == .model)
    #expect(check.entries.last?.matches == false)
  }

  /// Digests by sha256sum of coreutils.
  @Test("of sha256sum is of the bytes of files")
  func files() throws {
    let folder = TemporaryFolder()
    try folder.write(Array("abc".utf8), to: "abc")
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(try check("\(abc)  abc\n", in: folder).passes)
    #expect(try check("# a list\n\n\(abc.uppercased()) *abc\r\n", in: folder).passes)
    let missing = try check("\(abc)  gone\n\(abc)  abc\n", in: folder)
    #expect(missing.entries.map(\.matches) == [false, true])
    #expect(missing.entries.map(\.subject) == [.file, .file])
    #expect(missing.entries[0].problem == "is not there")
    let changed = try check("\(abc.replacing("ba", with: "bb"))  abc\n", in: folder)
    #expect(changed.entries.map(\.found) == [abc])
  }

  @Test(
    "of another form is an error",
    arguments: [
      ("", "has no digests"), ("hello\n", "line 1: expected 64 hexadecimal digits, two spaces and a name"),
      (
        "# x\n" + String(repeating: "g", count: 64) + "  x\n",
        "line 2: expected 64 hexadecimal digits, two spaces and a name"
      ),
      (
        String(repeating: "a", count: 64) + "\n", "line 1: expected 64 hexadecimal digits, two spaces and a name"
      ),
    ])
  func malformed(text: String, message: String) throws {
    let folder = TemporaryFolder()
    let error = #expect(throws: LocatedError.self) { try check(text, in: folder) }
    #expect(error?.description == "\(folder.file("digests.txt")): \(message)")
  }
}

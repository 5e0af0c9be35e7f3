import Bytes
import TestSupport
import Tensors
import Testing

@testable import Formats

@Suite("Editing a safetensors file")
struct SafeTensorsEditingTests {
  private let folder = TemporaryFolder()
  private let entry = SafeTensorsBytes.entry("t", "U8", [8], 0, 8)

  /// A file with this header and the bytes 1 to 8 for data.
  private func file(_ header: String) throws -> String {
    try folder.write(SafeTensorsBytes(header, dataByteCount: 8).bytes, to: "file.safetensors")
  }

  /// The header's text, once the file was found valid and its data unchanged.
  private func header(_ path: String) throws -> String {
    let checkpoint = try Checkpoint.open(path)
    let tensor = try #require(checkpoint.tensor("t"))
    let file = try LocalFile(path)
    #expect(try file.bytes(at: tensor.fileOffset, count: 8) == Array(1...8))
    return String(decoding: try file.bytes(at: 8, count: tensor.fileOffset - 8), as: UTF8.self)
  }

  private func editor(_ path: String, _ texts: [(String, String?)]) throws -> SafeTensors.Editor {
    var editor = try SafeTensors.Editor(path)
    for (key, text) in texts { editor.metadata[key] = text.map { .string(ByteString($0)) } }
    return editor
  }

  struct Edit: Sendable, CustomTestStringConvertible {
    let name: String, before: String, key: String, text: String?, outcome: EditOutcome, after: String
    var testDescription: String { name }
  }

  static let t = #""t":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}"#
  static let edits = [
    Edit(
      name: "a text of the same length stays where it is", before: #"{"__metadata__":{"a":"1","b":"2"},\#(t)}"#,
      key: "a",
      text: "3", outcome: .inPlace, after: #"{"__metadata__":{"a":"3","b":"2"},\#(t)}"#),
    Edit(
      name: "a shorter text leaves room behind it", before: #"{"__metadata__":{"a":"long","b":"2"},\#(t)}"#, key: "a",
      text: "1", outcome: .inPlace, after: #"{"__metadata__":{"a":"1","b":"2"}   ,\#(t)}"#),
    Edit(
      name: "a longer text takes that room", before: #"{"__metadata__":{"a":"1","b":"2"}   ,\#(t)}"#, key: "a",
      text: "long", outcome: .inPlace, after: #"{"__metadata__":{"a":"long","b":"2"},\#(t)}"#),
    Edit(
      name: "a longer text takes the room behind the header", before: #"{"__metadata__":{"a":"1"}, \#(t)}    "#,
      key: "a",
      text: "long", outcome: .inPlace, after: #"{"__metadata__":{"a":"long"}, \#(t)} "#),
    Edit(
      name: "a key that goes leaves room", before: #"{ "__metadata__" : {"a":"1","b":"2"},\#(t)}"#, key: "a",
      text: nil, outcome: .inPlace, after: #"{ "__metadata__":{"b":"2"}          ,\#(t)}"#),
    Edit(
      name: "the last key leaves an empty object", before: #"{\#(t),"__metadata__":{"a":"1"}}"#, key: "a",
      text: nil, outcome: .inPlace, after: #"{\#(t),"__metadata__":{}       }"#),
    Edit(
      name: "a text that does not fit moves the data by whole words", before: #"{"__metadata__":{"a":"1"},\#(t)}"#,
      key: "b", text: "é", outcome: .rewritten, after: #"{"__metadata__":{"a":"1","b":"é"}     ,\#(t)}"#),
    Edit(
      name: "a header without texts gets them in front", before: "{\(t)}", key: "a", text: "\"\n",
      outcome: .rewritten, after: #"{"__metadata__":{"a":"\"\n"},\#(t)}"#),
    Edit(
      name: "a text that is there already changes nothing", before: #"{"__metadata__":{"a":"1"},\#(t)}"#, key: "a",
      text: "1", outcome: .unchanged, after: #"{"__metadata__":{"a":"1"},\#(t)}"#),
  ]

  @Test("edits", arguments: edits)
  func edit(edit: Edit) throws {
    let path = try file(edit.before)
    let size = try LocalFile(path).byteCount
    #expect(try editor(path, [(edit.key, edit.text)]).save() == edit.outcome)
    let after = try header(path)
    // Where the data moves, spaces fill up to eight bytes.
    #expect(after.filter { $0 != " " } == edit.after.filter { $0 != " " })
    if edit.outcome == .rewritten {
      #expect(after.utf8.count % 8 == 0)
    } else {
      #expect(after == edit.after)
      #expect(try LocalFile(path).byteCount == size)
    }
    #expect(try SafeTensors.Editor(path).metadata[edit.key]?.text == edit.text)
  }

  @Test("adds strings to a file without tensors")
  func withoutTensors() throws {
    let path = try folder.write(SafeTensorsBytes("{}").bytes, to: "file.safetensors")
    #expect(try editor(path, [("a", "1")]).save() == .rewritten)
    #expect(try SafeTensors.Editor(path).metadata["a"] == .string("1"))
  }

  @Test("makes a new file for a large edit even if it fits")
  func largeEdit() throws {
    let path = try file(#"{"__metadata__":{"a":"\#(String(repeating: "x", count: 5000))"},\#(entry)}"#)
    let size = try LocalFile(path).byteCount
    #expect(try editor(path, [("a", String(repeating: "y", count: 4999))]).save() == .rewritten)
    #expect(try LocalFile(path).byteCount == size)
    _ = try header(path)
  }

  /// The room lets the data stay at its place within a block of the disk, and the next edit where it is.
  @Test("leaves room in a large file for the next edit")
  func room() throws {
    let count = 1 << 20
    let entry = SafeTensorsBytes.entry("t", "U8", [count], 0, count)
    let path = try folder.write(
      SafeTensorsBytes("{\(entry)}", dataByteCount: count).bytes, to: "large.safetensors")
    let old = try #require(try Checkpoint.open(path).tensor("t")).fileOffset
    #expect(try editor(path, [("a", "1")]).save() == .rewritten)
    // The data of this header begins where no package lets it begin, so it moves to a multiple of 8.
    let first = try #require(try Checkpoint.open(path).tensor("t")).fileOffset
    #expect(old % 8 != 0 && first % 8 == 0)
    #expect(try editor(path, [("b", String(repeating: "x", count: 100))]).save() == .rewritten)
    let second = try #require(try Checkpoint.open(path).tensor("t")).fileOffset
    #expect(second == first + 4096)
    #expect(try editor(path, [("b", String(repeating: "y", count: 3000))]).save() == .inPlace)
    let file = try LocalFile(path)
    #expect(try file.bytes(at: second, count: count) == SafeTensorsBytes("", dataByteCount: count).data)
  }

  @Test("writes to another file and keeps the input")
  func otherFile() throws {
    let path = try file("{\(entry)}")
    let before = try LocalFile(path).wholeContent(limit: 1 << 20)
    let edited = try editor(path, [("a", "1")])
    try edited.save(to: folder.file("other"), overwrite: .refuse)
    #expect(try LocalFile(path).wholeContent(limit: 1 << 20) == before)
    #expect(try SafeTensors.Editor(folder.file("other")).metadata["a"] == .string("1"))
    #expect(throws: FileError.self) { try edited.save(to: path, overwrite: .replace) }
  }

  @Test("takes only strings")
  func onlyStrings() throws {
    var editor = try MetadataEditor(try file("{\(entry)}"))
    func message(_ body: () throws(MetadataEditingError) -> Void) -> String {
      do { try body() } catch { return error.description }
      return ""
    }
    #expect(
      message { () throws(MetadataEditingError) in _ = try editor.set("a", to: "1", type: "u32") }
        == #"type "u32": safetensors metadata has only strings, expected string"#)
    #expect(
      message { () throws(MetadataEditingError) in _ = try editor.remove("a") }
        == #"key "a" is not there (ingot meta get lists the keys)"#)
    // What a GGUF lays itself out by is a text like any other here.
    #expect(try editor.set("general.alignment", to: "1", type: nil).new == .string("1"))
    #expect(try editor.set("general.alignment", to: "2", type: "string").old == .string("1"))
  }

  @Test("refuses an invalid file")
  func invalidFile() throws {
    let path = try file("{\(SafeTensorsBytes.entry("t", "U8", [9], 0, 9))}")
    #expect { try SafeTensors.Editor(path) } throws: {
      "\($0)"
        == "\(path): tensor data takes 9 bytes but only 8 follow the header (1 byte is missing; is the download complete?)"
    }
  }
}

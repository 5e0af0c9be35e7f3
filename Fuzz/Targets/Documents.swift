import Architectures
import Bytes
import Certification
import Conversion
import Inspection
import TestSupport
import Tokenization

extension FuzzTarget {
  static let documents: [FuzzTarget] = [
    FuzzTarget("json", "what is written of a value reads equal, in both layouts; Python's dialect has the same value") {
      input in
      try requireEqualDialects(input)
    },
    FuzzTarget("definition", "a definition of a user", limit: 8192) { input in
      _ = try ArchitectureLibrary.bundled(withMapping: input, at: "definition.json")
    },
    FuzzTarget("plan", "a plan in parts, spelled as it would be saved", limit: 16384) { input in
      _ = try SavedPlan(JSON(parsing: input).encoded(.indented), at: "plan.json")
    },
    FuzzTarget("certificate", "an in-toto statement", limit: 8192) { input in _ = try Certificate(JSON(parsing: input))
    },
    FuzzTarget("digests", "a list of digests") { input in _ = try DigestList(MemorySource(path: "SHA256SUMS", input)) },
    FuzzTarget("model-card", "the YAML of a model card") { input in
      _ = Conversion.ModelCard(readme: Array("---\n".utf8) + input)
    },
    FuzzTarget("chat-template", "the blocks of a Jinja template") { input in
      guard let text = String(validating: input, as: UTF8.self) else { return }
      if let error = ChatTemplate(text: text).syntaxError { throw error }
    },
  ]

  private static func requireEqualDialects(_ input: [UInt8]) throws {
    let value = try JSON(parsing: input)
    for layout in [JSONLayout.compact, .indented] {
      let again = try? JSON(parsing: value.encoded(layout))
      try Finding.require(again == value, "the \(layout) spelling reads as another value")
    }
    let python = try JSON.parsingAsPython(input)
    try Finding.require(python.value == value && python.exceptions.isEmpty, "Python's dialect reads another value")
    guard let object = value.object else { return }
    var reader = JSON.MemberReader(input)
    var members = JSON.Object()
    while let (key, value) = try reader.next() { members[key] = value }
    try Finding.require(members == object, "members one by one are others than those of the object")
  }
}

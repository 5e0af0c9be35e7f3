// Writes a Swift file with definitions as string literals and an index of them: EmbedDefinitionsTool OUTPUT FILE…

import Foundation

/// The members that `ArchitectureIdentity` and `TokenizerClasses` are read from.
let identifying: Set = [
  "name", "extends", "abstract", "classes", "model_types", "gguf_architecture", "schemes", "tokenizer_classes",
  "tokenizers",
]

/// The identifying members of a definition. Which naming schemes it has or removes matters, not what is in them.
func head(of definition: Data) throws -> [String: Any]? {
  guard let members = try JSONSerialization.jsonObject(with: definition) as? [String: Any] else { return nil }
  var head = members.filter { identifying.contains($0.key) }
  if let schemes = head["schemes"] as? [String: Any] {
    head["schemes"] = schemes.mapValues { $0 is NSNull ? $0 : [String: Any]() }
  }
  return head
}

func literal(_ text: String) -> String { "####\"\"\"\n\(text)\n\"\"\"####" }

let paths = CommandLine.arguments.dropFirst()
guard let output = paths.first else { exit(64) }
var heads: [String: Any] = [:]
var files = ""
for path in paths.dropFirst() {
  let url = URL(fileURLWithPath: path)
  let content = try Data(contentsOf: url)
  guard let head = try head(of: content) else {
    FileHandle.standardError.write(Data("\(path): is not a JSON object\n".utf8))
    exit(1)
  }
  let name = url.deletingPathExtension().lastPathComponent
  heads[name] = head
  files += "    \"\(name)\":\n      \(literal(String(decoding: content, as: UTF8.self))),\n"
}
let index = try JSONSerialization.data(withJSONObject: heads, options: [.sortedKeys, .withoutEscapingSlashes])
let text = """
  /// The files of `Definitions/`, embedded when the program is built.
  enum BundledDefinitions {
    /// Their texts, by name without ending.
    static let files: [String: String] = [
  \(files)  ]

    /// An object that has, for each file, the members that identify its definition.
    static let index =
      \(literal(String(decoding: index, as: UTF8.self)))
  }

  """
try text.write(toFile: output, atomically: true, encoding: .utf8)

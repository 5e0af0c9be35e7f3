// Writes a Swift file with definitions as string literals and what identifies them: EmbedDefinitionsTool OUTPUT FILE…

import Foundation

func literal(_ text: String) -> String { "####\"\"\"\n\(text)\n\"\"\"####" }

/// The text of the Swift file.
func text(of paths: some Sequence<String>) throws -> String {
  var definitions: [String: [String: Any]] = [:]
  var files = ""
  for path in paths {
    let url = URL(fileURLWithPath: path)
    let content = try Data(contentsOf: url)
    let name = url.deletingPathExtension().lastPathComponent
    guard let members = try JSONSerialization.jsonObject(with: content) as? [String: Any] else {
      throw Head.Failure.notAnObject(file: path)
    }
    definitions[name] = members
    files += "    \"\(name)\":\n      \(literal(String(decoding: content, as: UTF8.self))),\n"
  }
  let heads = try definitions.keys.sorted().map { file in
    "    (\n      \"\(file)\",\n      \(try Head(file: file, among: definitions).expression)\n    ),\n"
  }
  let tokenizers = definitions.mapValues { members in
    members.filter { ["tokenizer_classes", "tokenizers"].contains($0.key) }
  }.filter { !$0.value.isEmpty }
  let tokenizerText = try JSONSerialization.data(
    withJSONObject: tokenizers, options: [.sortedKeys, .withoutEscapingSlashes])
  return """
    /// The files of `Definitions/`, embedded when the program is built.
    enum BundledDefinitions {
      /// Their texts, by name without ending.
      static let files: [String: String] = [
    \(files)  ]

      /// What identifies each, by name.
      static let identities: [(file: String, identity: ArchitectureIdentity)] = [
    \(heads.joined())  ]

      /// An object that has, for each file that has any, its members on tokenizers.
      static let tokenizers =
        \(literal(String(decoding: tokenizerText, as: UTF8.self)))
    }

    """
}

let paths = CommandLine.arguments.dropFirst()
guard let output = paths.first else { exit(64) }
do {
  try text(of: paths.dropFirst()).write(toFile: output, atomically: true, encoding: .utf8)
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}

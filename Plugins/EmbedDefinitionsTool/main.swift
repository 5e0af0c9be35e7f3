// Writes a Swift file with the given files as string literals: EmbedDefinitionsTool OUTPUT FILE…

import Foundation

let paths = CommandLine.arguments.dropFirst()
guard let output = paths.first else { exit(64) }
var text = "/// The files of `Definitions/`, embedded when the program is built.\nenum BundledDefinitions {\n"
text += "  static let files: [(name: String, bytes: [UInt8])] = [\n"
for path in paths.dropFirst() {
  let content = try String(contentsOfFile: path, encoding: .utf8)
  let name = URL(fileURLWithPath: path).lastPathComponent
  text += "    (\"\(name)\", Array(####\"\"\"\n\(content)\n\"\"\"####.utf8)),\n"
}
text += "  ]\n}\n"
try text.write(toFile: output, atomically: true, encoding: .utf8)

import Foundation
import PackagePlugin

/// Embeds every JSON file of a target's `Definitions` folder into the target, so that a new architecture is a new file.
@main
struct EmbedDefinitions: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    guard let target = target as? SourceModuleTarget else { return [] }
    let folder = target.directoryURL.appending(path: "Definitions")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "json" }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
    let output = context.pluginWorkDirectoryURL.appending(path: "BundledDefinitions.swift")
    return [
      .buildCommand(
        displayName: "Embedding \(files.count) definitions",
        executable: try context.tool(named: "EmbedDefinitionsTool").url,
        arguments: [output.path(percentEncoded: false)] + files.map { $0.path(percentEncoded: false) },
        inputFiles: files, outputFiles: [output])
    ]
  }
}

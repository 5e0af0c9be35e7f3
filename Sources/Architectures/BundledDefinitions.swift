/// The files of `Definitions/`, embedded into the binary when it is built; a test compares the list with the folder.
enum BundledDefinitions {
  static let files: [(name: String, bytes: [UInt8])] = [
    ("llama.json", PackageResources.llama_json),
    ("mistral.json", PackageResources.mistral_json),
    ("yi.json", PackageResources.yi_json),
    ("aquila.json", PackageResources.aquila_json),
  ]
}

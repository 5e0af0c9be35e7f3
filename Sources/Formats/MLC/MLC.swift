import Bytes
import Tensors

/// Reads checkpoints of MLC (WebLLM): the bytes of tensors in `params_shard_0.bin`, …, which an index lists.
enum MLC {
  /// The names of the index, the newer one first. Both have the same content.
  static let indexNames = ["tensor-cache.json", "ndarray-cache.json"]
  /// The maximum bytes of an index: that of a model of 100,000 tensors has 20 MB.
  static let maximumIndexByteCount = 100_000_000

  /// Opens the set of the index `file`, or of the shard `file`, whose other files are in `folder`.
  ///
  /// Names, shapes and byte ranges are checked; no tensor's data is read.
  static func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    guard let name = try indexName(of: file.name, in: folder) else { throw try UnsupportedFileError.refusing(file) }
    let index = file.name == name ? file : try folder.open(name)
    let (json, remarks) = try JSON.sideFile(index, limit: maximumIndexByteCount)
    do throws(MLCError) {
      var reader = IndexReader(folder)
      try reader.read(json)
      var facts: [String: String] = [:]
      if reader.files.count > 1 { facts["fileCount"] = "\(reader.files.count)" }
      return Checkpoint(
        container: .mlc, path: file.path, files: reader.files, metadata: Metadata(), tensors: reader.tensors,
        containerFacts: facts, remarks: remarks + reader.remarks, fileDigests: reader.digests)
    } catch {
      throw error.located(in: index.path)
    }
  }

  /// The name of the index of the set that `name` belongs to, as index or shard; nil if it belongs to none.
  static func indexName(of name: String, in folder: any FileTree) throws(FileError) -> String? {
    if indexNames.contains(name) { return name }
    guard name.hasPrefix("params_shard_"), name.hasSuffix(".bin") else { return nil }
    return indexNames.first(where: folder.hasFile)
  }
}

import Bytes
import Tensors

/// Reads what torch.distributed.checkpoint (DCP) writes: a folder of files of all ranks, and one that says what is where.
enum Distributed {
  /// The file that lists tensors, their chunks and where they are.
  static let metadataName = ".metadata"
  private static let chunkSuffix = ".distcp"

  /// Opens the set that `file` belongs to in `folder`.
  ///
  /// Each chunk is an archive of its own, of which the directory and the pickle are read, and no tensor's data.
  static func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    let metadata = file.name == metadataName ? file : try folder.open(metadataName)
    do throws(DistributedError) {
      var reader = DistributedReader(folder)
      try reader.read(DistributedMetadata(metadata))
      var facts: [String: String] = [:]
      if reader.fileCount > 1 { facts["fileCount"] = "\(reader.fileCount)" }
      return Checkpoint(
        container: .distributed, path: file.path, files: reader.sources, metadata: Metadata(),
        tensors: reader.tensors, containerFacts: facts, remarks: reader.remarks)
    } catch {
      throw error.located(in: metadata.path)
    }
  }

  /// Whether `name` is a file of a set: its list, or one of chunks.
  static func isPart(_ name: String) -> Bool { name == metadataName || name.hasSuffix(chunkSuffix) }

  /// The file by which a folder with these names is opened; nil if it has no set.
  static func opening(_ names: [String]) -> String? {
    names.contains(metadataName) && names.contains { $0.hasSuffix(chunkSuffix) } ? metadataName : nil
  }
}

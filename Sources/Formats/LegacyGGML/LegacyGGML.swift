import Bytes
import Tensors

/// Reads the predecessors of GGUF.
enum LegacyGGML {
  /// Opens `file`, or the set that it belongs to in `folder`.
  static func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    throw try UnsupportedFileError.refusing(file)
  }
}

import Bytes
import Tensors

/// What the header of one file says; shard sets are put together from several.
struct FileContents {
  let file: InputFile
  let metadata: Metadata
  let tensors: [TensorDescriptor]
  var facts: [String: String] = [:]
  var remarks: [String] = []
}

extension TensorDescriptor {
  /// The same tensor as a member of a set, in which its file has another index.
  func inFile(_ index: Int) -> TensorDescriptor {
    TensorDescriptor(
      name: name, statedFormat: statedFormat, shape: shape, fileIndex: index, fileOffset: fileOffset,
      byteCount: byteCount)
  }
}

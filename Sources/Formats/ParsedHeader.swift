import Bytes
import Tensors

/// The parsed header of one file; a sharded checkpoint has several.
struct ParsedHeader {
  let file: any ByteSource
  let metadata: Metadata
  let tensors: [TensorDescriptor]
  var facts: [String: String] = [:]
  var remarks: [String] = []
}

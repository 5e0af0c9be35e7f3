import Bytes
import Tensors

/// What the header of one file says; shard sets are put together from several.
struct ParsedHeader {
  let file: InputFile
  let metadata: Metadata
  let tensors: [TensorDescriptor]
  var facts: [String: String] = [:]
  var remarks: [String] = []
}

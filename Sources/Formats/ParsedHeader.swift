import Bytes
import Tensors

/// The parsed header of one file; a sharded checkpoint has several.
struct ParsedHeader {
  let file: any ByteSource
  let metadata: Metadata
  let tensors: [TensorDescriptor]
  var facts: [String: String] = [:]
  var remarks: [String] = []
  /// What is unpacked or gathered from the file: sources that the indices of tensors' files count from 1.
  var gathered: [any ByteSource] = []
  /// Single values that a training program saved beside the tensors.
  var trainer = TrainerState()
}

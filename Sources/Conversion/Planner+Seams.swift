import Tensors
import Tokenization
import Bytes

extension Planner {
  func generalMetadata(_ tensors: [PlannedTensor]) throws -> [(String, MetadataValue)] { [] }
}
struct TokenizerFile { let name: String; let bytes: [UInt8] }
extension Vocabulary {
  func huggingFaceFiles() throws(VocabularyError) -> [TokenizerFile] { [] }
}

import Tensors
import Tokenization
import Bytes

struct TokenizerFile { let name: String; let bytes: [UInt8] }
extension Vocabulary {
  func huggingFaceFiles() throws(VocabularyError) -> [TokenizerFile] { [] }
}

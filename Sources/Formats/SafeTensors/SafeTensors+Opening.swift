import Bytes
import Tensors

extension SafeTensors {
  static let shards = ShardFamily(
    container: .safeTensors, suffixes: [".safetensors"], indexSuffix: ShardIndex.suffix, read: { try contents($0) })

  /// Reads the header of one file; errors name the file.
  static func contents(_ file: any ByteSource) throws -> ParsedHeader {
    do throws(SafeTensorsError) {
      return try read(file)
    } catch {
      throw error.located(in: file.path)
    }
  }
}

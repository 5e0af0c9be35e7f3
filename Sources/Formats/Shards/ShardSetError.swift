import Bytes
import Tensors

/// An error of a shard set.
public enum ShardSetError: IngotError {
  case indexNotAnObject(found: String)
  case noWeightMap
  case weightMapNotAnObject(found: String)
  case emptyWeightMap
  case shardNotText(tensor: TensorName, found: String)
  case hostileShardName(String)
  case missingShard(String, tensorCount: Int?)
  case absentTensor(TensorName, shard: String)
  case unlistedTensor(TensorName, shard: String)
  case wrongShard(TensorName, listed: String, found: String)
  case tensorInTwoShards(TensorName, first: String, second: String)
  case notSafeTensors(shard: String)
  case unnumberedShard(count: Int)
  case splitKey(String, found: String?)
  case shardCount(declared: Int, inName: Int)
  case shardNumber(declared: Int, inName: Int)
  case shardByteOrder(String, first: String)
  case notGGUF
  case tensorCount(declared: Int, found: Int)

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .indexNotAnObject(let found): "index is \(found), expected an object with \"weight_map\""
    case .noWeightMap:
      "has no \"weight_map\", so it is not an index of shards (pass the model's folder or its weights)"
    case .weightMapNotAnObject(let found): "weight_map is \(found), expected an object of tensor and file names"
    case .emptyWeightMap: "weight_map lists no tensors"
    case .shardNotText(let tensor, let found):
      "weight_map: tensor \(tensor.text.quoted): is \(found), expected the name of a file"
    case .hostileShardName(let name):
      "weight_map: shard name \(name.quoted) is not a plain file name, expected letters, digits, \".\", \"_\" and \"-\""
    case .missingShard(let name, let count):
      "shard \(name.quoted) is missing from the folder"
        + (count.map { " (\(counted($0, "tensor")) \($0 == 1 ? "is" : "are") listed in it)" } ?? "")
    case .absentTensor(let tensor, let shard):
      "tensor \(tensor.text.quoted): listed in shard \(shard.quoted) but not in it"
    case .unlistedTensor(let tensor, let shard):
      "tensor \(tensor.text.quoted): is in shard \(shard.quoted) but is not listed"
    case .wrongShard(let tensor, let listed, let found):
      "tensor \(tensor.text.quoted): listed in shard \(listed.quoted) but found in \(found.quoted)"
    case .tensorInTwoShards(let tensor, let first, let second):
      "tensor \(tensor.text.quoted): is in shard \(first.quoted) and in \(second.quoted)"
    case .notSafeTensors(let shard): "shard \(shard.quoted) is a GGUF file, expected safetensors"
    case .unnumberedShard(let count):
      "is one of \(count.grouped) shards, but its name does not end like \"-00001-of-\(Self.padded(count)).gguf\","
        + " so the others cannot be found (give all shards their original names)"
    case .splitKey(let key, let found):
      "key \(key.quoted) is \(found ?? "missing"), expected an integer, as this is a shard of a split GGUF"
    case .shardCount(let declared, let inName):
      "split.count is \(declared.grouped) but the name says \(counted(inName, "shard"))"
    case .shardNumber(let declared, let inName):
      "split.no is \(declared.grouped), which is shard \((declared &+ 1).grouped), but the name says shard \(inName.grouped)"
    case .shardByteOrder(let order, let first): "shard is \(order) but the first one is \(first)"
    case .notGGUF: "is a safetensors file, expected a shard of a split GGUF"
    case .tensorCount(let declared, let found):
      "split.tensors.count is \(declared.grouped) but the shards have \(counted(found, "tensor"))"
    }
  }

  private static func padded(_ count: Int) -> String {
    String(repeating: "0", count: max(0, 5 - String(count).count)) + String(count)
  }
}

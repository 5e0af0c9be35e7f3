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
  case missingShard(String)
  case missingShards([String], of: Int, isListed: Bool)
  case tensorInTwoShards(TensorName, first: String, second: String)
  case otherContainer(shard: String, found: Container, expected: Container)
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
      "weight_map: shard name \(name.quoted) is not the path of a file in the folder of the index"
    case .missingShard(let name): "shard \(name.quoted) is missing from the folder"
    case .missingShards(let names, let count, let isListed):
      "\(names.count.grouped) of \(counted(count, "shard")) \(names.count == 1 ? "is" : "are") missing from the folder:"
        + " \(names.quotedList(limit: 5)) (download \(names.count == 1 ? "it" : "them")"
        + (isListed ? ", or delete the index if it belongs to another set)" : ")")
    case .tensorInTwoShards(let tensor, let first, let second):
      "tensor \(tensor.text.quoted): is in shard \(first.quoted) and in \(second.quoted)"
    case .otherContainer(let shard, let found, let expected):
      "shard \(shard.quoted) is a \(found.rawValue) file, expected \(expected.rawValue)"
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

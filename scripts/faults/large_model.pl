#!/usr/bin/perl
# Makes a LLaMA of about as many MiB as told, in bfloat16, with random bytes: large_model.pl FOLDER TOKENIZER MIB
use strict;
use warnings;

my ($folder, $tokenizer, $mebibytes) = @ARGV;
my ($width, $inner, $vocabulary, $heads) = (512, 1536, 512, 8);
my $layer_elements = 4 * $width * $width + 3 * $width * $inner + 2 * $width;
my $layers = int($mebibytes * (1 << 19) / $layer_elements) || 1;

my @tensors = (['model.embed_tokens.weight', $vocabulary, $width], ['lm_head.weight', $vocabulary, $width],
  ['model.norm.weight', $width]);
for my $layer (0 .. $layers - 1) {
  my $head = "model.layers.$layer";
  push @tensors, ["$head.input_layernorm.weight", $width], ["$head.post_attention_layernorm.weight", $width],
    (map { ["$head.self_attn.${_}_proj.weight", $width, $width] } qw(q k v o)),
    (map { ["$head.mlp.${_}_proj.weight", $inner, $width] } qw(gate up)), ["$head.mlp.down_proj.weight", $width, $inner];
}
my ($offset, @entries) = (0);
for my $tensor (@tensors) {
  my ($name, @shape) = @$tensor;
  my $bytes = 2;
  $bytes *= $_ for @shape;
  push @entries, sprintf('"%s":{"dtype":"BF16","shape":[%s],"data_offsets":[%d,%d]}', $name, join(',', @shape), $offset,
    $offset + $bytes);
  $offset += $bytes;
}
my $header = '{' . join(',', @entries) . '}';
$header .= ' ' x (-length($header) % 8);
mkdir $folder;
open(my $file, '>:raw', "$folder/model.safetensors") or die "$folder: $!";
print {$file} pack('Q<', length $header), $header;
srand(7);
# Bytes below 0x80 with every second below 0x3f are finite numbers; one MiB of them over and over.
my $piece = join '', map { chr(int rand 128) . chr(int rand 63) } 1 .. 1 << 19;
for (my $left = $offset; $left > 0; $left -= length $piece) { print {$file} substr($piece, 0, $left) }
close $file;
open($file, '>', "$folder/config.json") or die;
print {$file} qq({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":$width,"intermediate_size":$inner,)
  . qq("num_hidden_layers":$layers,"num_attention_heads":$heads,"vocab_size":$vocabulary,"max_position_embeddings":256,)
  . qq("rms_norm_eps":1e-5,"torch_dtype":"bfloat16"});
close $file;
for my $name (qw(tokenizer.model tokenizer_config.json)) { system('cp', "$tokenizer/$name", "$folder/$name") }

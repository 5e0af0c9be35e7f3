#!/usr/bin/perl
# Changes bytes of a checkpoint's files at random and gives the result to the program.
#
#   mutate.pl PROGRAM FIXTURES CASE-COUNT SEED WORK-FOLDER
#
# Every case must end by itself with status 0, 1, 2, 3 or 64, within 5 seconds and 256 MiB, with at most 25 lines on
# standard error. Prints one line a target, and each finding with its seed; the changed files of findings are kept.
use strict;
use warnings;
no warnings qw(portable exec);
use POSIX ();
use Time::HiRes ();

my ($program, $fixtures, $case_count, $seed, $work) = @ARGV;
my $time_limit = 5;
my $memory_limit_kib = 256 << 10;
my $line_limit = 25;
my $wait4 = (POSIX::uname())[4] eq 'aarch64' ? 260 : 61;

# Which file of which fixture changes, how many of its first bytes are worth changing, and what is run.
# MODEL stands for the copy of the fixture, FIXTURES for all of them, OUT for an output that a dry run never writes.
my @plan = ('convert', 'MODEL', '-o', 'OUT.gguf', '--dry-run');
my @targets = (
  ['safetensors header', 'llama-gqa', 'model.safetensors', 3600, [@plan]],
  ['safetensors inspect', 'llama-gqa', 'model.safetensors', 3600, ['inspect', 'MODEL/model.safetensors']],
  ['config.json', 'llama-yarn', 'config.json', 0, [@plan]],
  ['config.json to folder', 'yi', 'config.json', 0, ['convert', 'MODEL', '-o', 'OUT', '--naming', 'hf', '--dry-run']],
  ['shard index', 'llama-sharded', 'model.safetensors.index.json', 0, ['inspect', 'MODEL']],
  ['tokenizer.model', 'llama-gqa', 'tokenizer.model', 0, [@plan]],
  ['tokenizer.json', 'aquila', 'tokenizer.json', 0, [@plan]],
  ['tokenizer_config.json', 'yi', 'tokenizer_config.json', 0, [@plan]],
  ['params.json', 'meta', 'params.json', 0, [@plan]],
  ['gguf', 'expected/aquila', 'aquila-q8_0.gguf', 24000, ['inspect', 'MODEL/aquila-q8_0.gguf']],
  ['gguf to folder', 'expected/llama-gqa', 'llama-gqa-bf16.gguf', 24000,
    ['convert', 'MODEL/llama-gqa-bf16.gguf', '-o', 'OUT', '--dry-run']],
  ['check a folder', 'llama3-tied', 'config.json', 0, ['check', 'MODEL']],
  ['check a gguf', 'expected/llama-gqa', 'llama-gqa-q8_0.gguf', 24000, ['check', 'MODEL/llama-gqa-q8_0.gguf']],
  ['run a folder', 'llama-yarn', 'config.json', 0, ['run', 'MODEL', '--tokens', '1,2,3']],
  ['run a gguf', 'expected/aquila', 'aquila-q8_0.gguf', 24000, ['run', 'MODEL/aquila-q8_0.gguf', '--text', 'abc']],
  ['hash', 'llama-sharded', 'model.safetensors.index.json', 0, ['hash', 'MODEL']],
  ['diff', 'llama-gqa', 'config.json', 0, ['diff', 'MODEL', 'FIXTURES/llama-gqa']],
  ['definition', 'llama-gqa', 'definition.json', 0, [@plan, '--mapping', 'MODEL/definition.json']],
);

# Numbers that arithmetic trips over, as text and as bytes.
my @texts = (
  '0', '-1', '1', '2', '1.5', '1e308', '1e999', '4294967295', '4294967296', '1000000000000', '9223372036854775807',
  '9223372036854775808', '18446744073709551616', '-9223372036854775808', 'null', 'true', '""', '[]', '{}', '[0]',
  '"x"', '[9223372036854775807,2]', '[0,9223372036854775807,9223372036854775807]', '"\ud800"', '"\u0000"', '"../x"',
);
my @words = map { pack('Q<', $_) } 0, 1, 4, 0x7fffffff, 0xffffffff, 1 << 40, 0x7fffffffffffffff, 0xffffffffffffffff;

sub slurp { open(my $file, '<:raw', $_[0]) or die "$_[0]: $!"; local $/; return scalar <$file> }
sub spill { open(my $file, '>:raw', $_[0]) or die "$_[0]: $!"; print {$file} $_[1]; close $file }

# Replaces one value of JSON text before `limit` by another; returns nothing if there is none.
sub change_value {
  my ($bytes, $limit) = @_;
  my $head = $limit ? substr($bytes, 0, $limit) : $bytes;
  my @places;
  while ($head =~ /(-?[0-9][0-9.eE+-]*|"(?:[^"\\]|\\.)*"|true|false|null|\[[^\[\]]*\])/g) {
    push @places, [$-[1], $+[1] - $-[1]];
    last if @places > 5000;
  }
  return undef unless @places;
  my $place = $places[rand @places];
  my $old = substr($head, $place->[0], $place->[1]);
  # Mostly a value of the same kind, so that the text stays what a reader looks into.
  my @same = $old =~ /^"/ ? grep(/^"/, @texts) : $old =~ /^\[/ ? grep(/^\[/, @texts) : grep(/^-?[0-9]/, @texts);
  substr($bytes, $place->[0], $place->[1]) = rand() < 0.7 ? $same[rand @same] : $texts[rand @texts];
  return $bytes;
}

# One to four changes of any bytes before `limit`.
sub change_bytes {
  my ($bytes, $limit) = @_;
  for (1 .. 1 + int(rand(4))) {
    my $size = length($bytes);
    my $end = $limit && $limit < $size ? $limit : $size;
    my $at = int(rand($end || 1));
    my $kind = int(rand(8));
    next if $at >= $size;
    if ($kind == 0) { substr($bytes, $at, 1) = chr(int(rand(256))) }
    elsif ($kind == 1) { substr($bytes, $at, 1) = chr(ord(substr($bytes, $at, 1)) ^ 1 << int(rand(8))) }
    elsif ($kind == 2) { substr($bytes, $at, 0) = join '', map { chr(int(rand(256))) } 1 .. 1 + int(rand(8)) }
    elsif ($kind == 3) { substr($bytes, $at, 1 + int(rand(8))) = '' }
    elsif ($kind == 4) { substr($bytes, $at) = '' if rand() < 0.3 }
    elsif ($kind == 5) { substr($bytes, $at, 8) = $words[rand @words] if $at + 8 <= $size }
    elsif ($kind == 6) { substr($bytes, $at, 4) = substr($words[rand @words], 0, 4) if $at + 4 <= $size }
    else { substr($bytes, $at, 0) = substr($bytes, $at, 1 + int(rand(200))) }
  }
  return $bytes;
}

sub mutate {
  my ($bytes, $limit, $file) = @_;
  if ($file =~ /\.safetensors$/) {
    # The header's length is made to fit again in most cases, so that the header itself is looked at.
    my $length = unpack('Q<', $bytes);
    my $header = substr($bytes, 8, $length);
    my $changed = rand() < 0.7 ? change_value($header, 0) : change_bytes($header, 0);
    my $rest = substr($bytes, 8 + $length);
    return pack('Q<', rand() < 0.9 ? length($changed) : $length) . $changed . $rest;
  }
  return change_bytes($bytes, $limit) if $file !~ /\.json$/ || rand() < 0.3;
  for (1 .. 1 + int(rand(2))) { $bytes = change_value($bytes, $limit) // $bytes }
  return $bytes;
}

# Runs the program; returns status (or -signal), seconds, peak KiB and the text on standard error.
sub run_program {
  my ($folder, @arguments) = @_;
  my $pid = fork();
  die "fork: $!" unless defined $pid;
  if ($pid == 0) {
    open(STDIN, '<', '/dev/null');
    open(STDOUT, '>', '/dev/null');
    open(STDERR, '>', "$folder/stderr");
    alarm($time_limit + 5);
    exec($program, @arguments);
    POSIX::_exit(127);
  }
  my $start = Time::HiRes::time();
  my ($status, $usage) = (pack('i', 0), "\0" x 144);
  syscall($wait4, $pid, $status, 0, $usage);
  my $word = unpack('i', $status);
  my $code = $word & 127 ? -($word & 127) : $word >> 8 & 255;
  return ($code, Time::HiRes::time() - $start, (unpack('q18', $usage))[4], slurp("$folder/stderr"));
}

my ($finding_count, $done) = (0, 0);
my $per_target = int($case_count / @targets) || 1;
my ($slowest, $largest) = (0, 0);
for my $index (0 .. $#targets) {
  my ($label, $fixture, $file, $limit, $arguments) = @{$targets[$index]};
  my $model = "$work/model-$index";
  mkdir $model;
  for my $source (glob "$fixtures/$fixture/*") {
    my ($name) = $source =~ m{([^/]+)$};
    next if $name =~ /\.gguf$/ && $name ne $file || $name =~ /\.npy$/;
    link($source, "$model/$name") or spill("$model/$name", slurp($source)) if -f $source;
  }
  spill("$model/$file", slurp("$work/definition.json")) if $file eq 'definition.json';
  my $original = slurp("$model/$file");
  my %statuses;
  for my $case (1 .. $per_target) {
    my $case_seed = $seed * 1_000_003 + $index * 100_003 + $case;
    srand($case_seed);
    my $bytes = mutate($original, $limit, $file);
    unlink "$model/$file";
    spill("$model/$file", $bytes);
    my @words = map { s/MODEL/$model/r =~ s/OUT/$work\/out-$index/r =~ s/FIXTURES/$fixtures/r } @$arguments;
    my ($code, $seconds, $memory, $errors) = run_program($model, @words);
    $done++;
    $statuses{$code}++;
    $slowest = $seconds if $seconds > $slowest;
    $largest = $memory if $memory > $largest;
    my @wrong;
    push @wrong, $code < 0 ? "ended by signal " . -$code : "status $code" unless $code =~ /^(0|1|2|3|64)$/;
    push @wrong, "says nothing" if $code =~ /^(2|3|64)$/ && $errors eq '';
    push @wrong, sprintf('%.1f seconds', $seconds) if $seconds > $time_limit;
    push @wrong, sprintf('%d MiB', $memory >> 10) if $memory > $memory_limit_kib;
    push @wrong, ($errors =~ tr/\n//) . " lines of errors" if ($errors =~ tr/\n//) > $line_limit;
    push @wrong, "control characters in the message" if $errors =~ /[\x00-\x08\x0b-\x1f\x7f]/;
    push @wrong, "an output" if -e "$work/out-$index" || -e "$work/out-$index.gguf";
    next unless @wrong;
    $finding_count++;
    my $kept = "$work/finding-$index-$case_seed-$file";
    spill($kept, $bytes);
    printf "  FINDING %s, seed %d: %s (%s)\n    %s\n", $label, $case_seed, join(', ', @wrong), $kept,
      (split /\n/, substr($errors, 0, 300))[0] // '';
  }
  printf "  %-22s %5d cases, status %s\n", $label, $per_target,
    join(', ', map { "$_: $statuses{$_}" } sort { $a <=> $b } keys %statuses);
}
printf "  slowest %.2f s, largest %d MiB\n", $slowest, $largest >> 10;
print "TOTAL $done $finding_count\n";
exit($finding_count ? 1 : 0);

#!/usr/bin/perl
# Prints status (128 and more for a signal), milliseconds and peak KiB of a program: measure.pl ERRORS PROGRAM ARGUMENT…
use strict;
use warnings;
no warnings 'exec';
use POSIX ();
use Time::HiRes ();

my ($errors, @command) = @ARGV;
my $wait4 = (POSIX::uname())[4] eq 'aarch64' ? 260 : 61;
my $start = Time::HiRes::time();
my $pid = fork();
if ($pid == 0) {
  open(STDIN, '<', '/dev/null');
  open(STDOUT, '>', '/dev/null');
  open(STDERR, '>', $errors);
  alarm(20);
  exec(@command);
  POSIX::_exit(127);
}
my ($status, $usage) = (pack('i', 0), "\0" x 144);
syscall($wait4, $pid, $status, 0, $usage);
my $word = unpack('i', $status);
printf "%d %d %d\n", $word & 127 ? 128 + ($word & 127) : $word >> 8 & 255, (Time::HiRes::time() - $start) * 1000,
  (unpack('q18', $usage))[4];

using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using LongContext.Benchmarks.Harness;

BenchmarkSwitcher suites = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly);
if (args.Length == 0)
{
    // The switcher would ask and wait for an answer; a script that forgot its filter should end instead.
    Suites.List(Console.Out);
    return 0;
}

Summary[] summaries = [.. suites.Run(args, ShortRunConfig.Create())];
return summaries.All(Suites.IsWhole) ? 0 : 1;

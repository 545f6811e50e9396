using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace LongContext.Benchmarks.Harness;

/// <summary>Work a second: <see cref="WorkAttribute"/> over the median time.</summary>
internal sealed class RateColumn : IColumn
{
    public string Id => nameof(RateColumn);

    public string ColumnName => "Rate";

    public string Legend => "Work of one call / median";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(benchmark => Work(benchmark) is not null);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, SummaryStyle.Default);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
    {
        if (Work(benchmarkCase) is not { } work || summary[benchmarkCase]?.ResultStatistics is not { } statistics) return "?";
        double amount = work.Amount;
        if (work.Parameter is { } name) amount *= Convert.ToDouble(benchmarkCase.Parameters[name], CultureInfo.InvariantCulture);
        double rate = amount / (statistics.Median / 1e9);
        return $"{rate.ToString(rate < 100 ? "0.0" : "N0", CultureInfo.InvariantCulture)} {work.Unit}/s";
    }

    private static WorkAttribute? Work(BenchmarkCase benchmark) => benchmark.Descriptor.Type.GetCustomAttribute<WorkAttribute>(inherit: true);
}

using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Benchmarks.Tokenization;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Ruler;

namespace LongContext.Benchmarks.Tasks;

/// <summary>
/// Making one of RULER's items, most of which is counting tokens to find how much text fits. Baseline: counting the finished prompt once, which no way of making it can do
/// without.
/// </summary>
[Work("tokens", Parameter = nameof(Length))]
public class RulerItemBenchmarks
{
    private TokenizerSample sample = null!;
    private RulerTask task = null!;
    private string prompt = "";
    private int index;

    /// <summary>The task.</summary>
    [Params("niah_single_2", "niah_multikey_3", "vt", "cwe", "fwe", "qa_1")]
    public string Task { get; set; } = "";

    /// <summary>The item's length in tokens.</summary>
    [Params(8_192, 131_072)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        sample = new TokenizerSample(TokenizerSample.Names[^1], 10_000);
        task = Ruler.Create(new RulerOptions(), Task)[0];
        EvaluationItem item = task.Create(sample.Tokenizer, Length, 0);
        prompt = item.Prompt.Text + item.Prompt.AnswerPrefix;
        Agreement.Require("tokens of the prompt", CountOnce(), item.PromptTokenCount!.Value, 0);
    }

    [Benchmark(Baseline = true)]
    public int CountOnce() => sample.Tokenizer.CountTokens(prompt);

    [Benchmark]
    public EvaluationItem Make() => task.Create(sample.Tokenizer, Length, index++ % 500);
}

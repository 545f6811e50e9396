using LongContext.Checkpoints;
using LongContext.Export;
using LongContext.Gguf;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Tests.Models;

namespace LongContext.Tests.Export;

[Trait("Category", "Slow")]
public sealed class LlamaCppFixtureTests
{
    [Fact]
    public void Explore()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var jobs = new List<LlamaCppJob>(); var names = new List<string>();
        foreach (string path in Directory.GetDirectories(Path.Combine(TestPaths.Fixtures, "hf", "models")).Order())
        {
            string name = Path.GetFileName(path);
            using CausalLanguageModel model = FixtureModels.Load(name);
            try
            {
                GgufExporter.Export(model, folder[name], new GgufExportOptions { TokenizerFolder = ByteTokenizer.Write(folder["t" + name], model.Config.VocabularySize), AllowFullAttention = true, ElementType = GgufTensorType.Float32 });
            }
            catch (NotSupportedException e) { Console.WriteLine($"{name}: {e.Message}"); continue; }
            using SafetensorsFile golden = FixtureModels.Golden(name);
            names.Add(name);
            jobs.Add(new LlamaCppJob(folder[name])
            {
                VocabularySize = model.Config.VocabularySize,
                Prompts = [new(FixtureModels.Ids(golden, "generate.prompt"), 30), new(FixtureModels.Ids(golden, "generate_long.prompt"), 30)],
                Sequences = [FixtureModels.Ids(golden, "short.input_ids"), FixtureModels.Ids(golden, "long.input_ids")],
            });
        }

        IReadOnlyList<LlamaCppResult> results = LlamaCpp.Run([.. jobs]);
        for (int i = 0; i < jobs.Count; i++)
        {
            LlamaCppResult r = results[i];
            if (r.Error is not null) { Console.WriteLine($"{names[i]}: {r.Error} {string.Join(" | ", r.Messages)}"); continue; }
            using SafetensorsFile golden = FixtureModels.Golden(names[i]);
            string line = names[i];
            foreach ((string g, int k) in new[] { ("generate", 0), ("generate_long", 1) })
            {
                int[] expected = FixtureModels.Ids(golden, g + ".output")[jobs[i].Prompts[k].Ids.Length..];
                int same = expected.Zip(r.Prompts[k]).TakeWhile(p => p.First == p.Second).Count();
                line += $" {g} {same}/{expected.Length}";
            }

            foreach ((string g, int k) in new[] { ("short", 0), ("long", 1) })
            {
                float[] logits = golden.ReadArray<float>(g + ".logits");
                int v = jobs[i].VocabularySize; double worst = 0, spread = 0; int first = -1;
                for (int t = 0; t < jobs[i].Sequences[k].Length; t++)
                {
                    double[] row = [.. logits.Skip(t * v).Take(v).Select(x => (double)x)];
                    double max = row.Max(), sum = Math.Log(row.Sum(x => Math.Exp(x - max))) + max;
                    spread = Math.Max(spread, max - row.Min());
                    for (int j = 0; j < v; j++) { double d = Math.Abs(row[j] - sum - r.Sequences[k][t][j]); if (d > 0.01 && first < 0) first = t; worst = Math.Max(worst, d); }
                }

                line += $" {g} max|dlogp| {worst:E2} (spread {spread:F2}, first bad {first})";
            }

            Console.WriteLine(line + " " + string.Join(" | ", r.Messages.Take(3)));
        }
    }
}

using System.Text.Json.Nodes;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>A folder laid out as the benchmark's, with prompts and records of our own.</summary>
internal sealed class LongBenchFolder : IDisposable
{
    private static readonly string[] Completions = ["trec", "triviaqa", "samsum", "lsht", "lcc", "repobench-p"];
    private readonly TemporaryFolder folder = new();

    public LongBenchFolder()
    {
        Directory.CreateDirectory(folder["data"]);
        Directory.CreateDirectory(folder["config"]);
        foreach (string set in LongBench.DataSets)
        {
            Prompts[set] = $"Read for {set}:\n{{context}}\nAsked: {{input}}\nSay:";
            Lengths[set] = 100 + Prompts.Count;
        }

        WriteConfiguration();
    }

    public JsonObject Prompts { get; } = [];

    public JsonObject Lengths { get; } = [];

    public string Path => folder.Path;

    public string PromptFile => File("config", "dataset2prompt.json");

    public string LengthFile => File("config", "dataset2maxlen.json");

    public string File(params string[] parts) => System.IO.Path.Combine([folder.Path, .. parts]);

    public void WriteConfiguration()
    {
        System.IO.File.WriteAllText(PromptFile, Prompts.ToJsonString());
        System.IO.File.WriteAllText(LengthFile, Lengths.ToJsonString());
    }

    /// <summary>Writes a data set's file, a line a record, and gives its path.</summary>
    public string Write(string name, params ReadOnlySpan<JsonObject> records) => WriteText(name, string.Concat(records.ToArray().Select(record => record.ToJsonString() + "\n")));

    public string WriteText(string name, string text)
    {
        string path = File("data", name + ".jsonl");
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Writes all data sets of LongBench and LongBench-E, with three records each that their metric can score.</summary>
    public void WriteAll()
    {
        foreach (string set in LongBench.DataSets) Write(set, [.. Enumerable.Range(0, 3).Select(i => Record(set, i))]);
        foreach (string set in LongBench.DataSetsOfE) Write(set + "_e", [.. Enumerable.Range(0, 3).Select(i => Record(set, i))]);
    }

    public static bool IsCompletion(string set) => Completions.Contains(set);

    public static JsonObject Record(string set, int index = 0)
    {
        string answer = set switch
        {
            "passage_count" => $"{index + 3}",
            "passage_retrieval_en" => $"Paragraph {index + 3}",
            "passage_retrieval_zh" => $"段落{index + 3}",
            "trec" or "lsht" => index % 2 == 0 ? "river" : "mountain pass",
            "lcc" or "repobench-p" => $"return total + {index};",
            _ => $"the green lamp number {index}",
        };
        return new JsonObject
        {
            ["input"] = $"Which one is number {index}?",
            ["context"] = $"Much is told of {set} here. {answer} is one thing among others.",
            ["answers"] = new JsonArray(answer, $"{answer} again 段落9 Paragraph 9"),
            ["length"] = 3000 * (index + 1),
            ["dataset"] = set,
            ["language"] = set.EndsWith("zh", StringComparison.Ordinal) ? "zh" : "en",
            ["all_classes"] = set is "trec" or "lsht" ? new JsonArray("river", "mountain pass", "mountain") : null,
            ["_id"] = $"{set}-{index}",
        };
    }

    public void Dispose() => folder.Dispose();
}

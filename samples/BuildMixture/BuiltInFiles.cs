using System.IO.Compression;
using System.Text;
using System.Text.Json;
using LongContext.Data.Examples;
using LongContext.Data.Mixing;
using LongContext.Samples.Shared;
using LongContext.Tokenization;

namespace LongContext.Samples.BuildMixture;

/// <summary>
/// Makes small files of QuickStart's words in the forms that data come in: books as text files, papers and web pages as JSON lines, some of them compressed,
/// tasks with the field names of their collections. Their lengths are as uneven as real ones'.
/// </summary>
internal static class BuiltInFiles
{
    /// <summary>The files of a seed. Where they are there already they are left as they are: their time of change is part of the name of their tokens.</summary>
    public static MixtureFiles Find(string output, int seed)
    {
        string folder = Path.Combine(output, $"files-{seed}");
        if (!Directory.Exists(folder))
        {
            string unfinished = folder + ".unfinished";
            if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
            Write(unfinished, seed);
            Directory.Move(unfinished, folder);
        }

        return new MixtureFiles
        {
            Books = MixtureShare.Of(Path.Combine(folder, "books", "*.txt")),
            Papers = MixtureShare.Of(Path.Combine(folder, "papers.jsonl")),
            Web = MixtureShare.Of(Path.Combine(folder, "web.jsonl.gz")),
            DenoisingTexts = MixtureShare.Of(Path.Combine(folder, "texts.jsonl")),
            Instructions = MixtureShare.Of(Path.Combine(folder, "instructions.jsonl")),
            Prompts = MixtureShare.Of(Path.Combine(folder, "prompts.jsonl")) with { Columns = ColumnMap.PromptCompletion("inputs", "targets") },
            General = MixtureShare.Of(Path.Combine(folder, "general.jsonl")),
        };
    }

    private static void Write(string folder, int seed)
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(WordModel.Folder);
        string[] words = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.GetToken).Where(word => word.All(char.IsAsciiLetter))];
        Random random = new(seed);
        Directory.CreateDirectory(Path.Combine(folder, "books"));
        for (int i = 0; i < 6; i++) File.WriteAllText(Path.Combine(folder, "books", $"book-{i}.txt"), Text(words, random, random.Next(3000, 9000)));
        WriteLines(Path.Combine(folder, "papers.jsonl"), 60, () => new { text = Text(words, random, random.Next(200, 1500)), meta = new { source = "made up" } });
        WriteLines(Path.Combine(folder, "web.jsonl.gz"), 500, () => new { text = Text(words, random, LongTailed(random, 20, 2000)) });
        WriteLines(Path.Combine(folder, "texts.jsonl"), 120, () => new { text = Text(words, random, LongTailed(random, 60, 1500)) });
        WriteLines(Path.Combine(folder, "general.jsonl"), 500, () => new { text = Text(words, random, LongTailed(random, 20, 2000)) });
        WriteLines(Path.Combine(folder, "instructions.jsonl"), 3000, () => new { instruction = Text(words, random, random.Next(4, 12)), input = Text(words, random, random.Next(0, 20)), output = Text(words, random, random.Next(1, 12)) });
        WriteLines(Path.Combine(folder, "prompts.jsonl"), 3000, () => new { inputs = Text(words, random, random.Next(8, 40)) + " ", targets = Text(words, random, random.Next(1, 6)) });
    }

    private static string Text(string[] words, Random random, int count) => string.Join(' ', random.GetItems(words, count));

    /// <summary>Most near the least, few near the most.</summary>
    private static int LongTailed(Random random, int least, int most) => (int)(least * Math.Pow((double)most / least, random.NextDouble()));

    private static void WriteLines(string path, int count, Func<object> make)
    {
        using Stream file = File.Create(path);
        using Stream target = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionLevel.Fastest) : file;
        using StreamWriter lines = new(target, new UTF8Encoding(false));
        for (int i = 0; i < count; i++) lines.WriteLine(JsonSerializer.Serialize(make()));
    }
}

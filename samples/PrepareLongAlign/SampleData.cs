using System.Text;
using System.Text.Json;
using LongContext.Tokenization;

namespace LongContext.Samples.PrepareLongAlign;

/// <summary>
/// Conversations in LongAlign-10k's form, made from a seed: a long text with a question about it, an answer, and the length; most are short and few are very long, some
/// stand there twice or almost twice, and a few lines are broken, as data from elsewhere are.
/// </summary>
internal static class SampleData
{
    private const int Conversations = 400, ShortestText = 20, LongestText = 1400, EveryDuplicate = 20, EveryNearDuplicate = 25, EveryBadLine = 100;
    private static readonly JsonSerializerOptions Json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(string path, HuggingFaceTokenizer tokenizer, int seed)
    {
        string[] words = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.GetToken).Where(word => word.All(char.IsAsciiLetter))];
        StringBuilder file = new();
        var random = new Random(seed);
        for (int i = 0; i < Conversations; i++)
        {
            // Lengths that are even in their logarithm: as many from 20 to 40 words as from 700 to 1,400.
            int length = (int)(ShortestText * Math.Pow((double)LongestText / ShortestText, random.NextDouble()));
            string[] text = [.. Enumerable.Range(0, length).Select(_ => words[random.Next(words.Length)])];
            string[] answer = [.. Enumerable.Range(0, 3 + random.Next(28)).Select(_ => words[random.Next(words.Length)])];
            string line = Line(text, answer);
            file.Append(line).Append('\n');
            if (i % EveryDuplicate == 7) file.Append(line).Append('\n');
            if (i % EveryNearDuplicate == 11 && length > 100)
            {
                text[^1] = words[random.Next(words.Length)];
                file.Append(Line(text, answer)).Append('\n');
            }

            if (i % EveryBadLine == 50) file.Append(BadLine(line, i / EveryBadLine)).Append('\n');
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, file.ToString());
    }

    private static string Line(string[] text, string[] answer) => JsonSerializer.Serialize(
        new
        {
            messages = new object[]
            {
                new { role = "user", content = $"{string.Join(' ', text)} <repeat> <{(char)('a' + (text.Length % 16))}>" },
                new { role = "assistant", content = string.Join(' ', answer) },
            },
            length = text.Length,
        },
        Json);

    private static string BadLine(string line, int kind) => (kind % 4) switch
    {
        0 => line[..(line.Length / 2)], // cut off
        1 => line.Replace("\"assistant\"", "\"user\"", StringComparison.Ordinal), // no answer
        2 => line.Replace("\"messages\"", "\"message\"", StringComparison.Ordinal), // another name
        _ => line.Replace("\"user\"", "\"tool\"", StringComparison.Ordinal),
    };
}

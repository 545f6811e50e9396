using System.Text.Json;
using LongContext.Tokenization;

namespace LongContext.Samples.InstructionTuning;

/// <summary>
/// Makes records.jsonl, which is committed: documents of made-up records, each a sign and three to eight words, with two or three questions
/// about them. The answer is the record's words, and nothing more: where it ends, the model must stop.
/// </summary>
internal static class RecordsData
{
    private const int Conversations = 260, ShortestRecord = 3, LongestRecord = 8, MostRecords = 16;
    private static readonly JsonSerializerOptions Json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(string path, HuggingFaceTokenizer tokenizer, int seed)
    {
        string[] words = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.GetToken).Where(word => word.All(char.IsAsciiLetter))];
        string[] signs = [.. Enumerable.Range('a', MostRecords).Select(letter => $"<{(char)letter}>")];
        var random = new Random(seed);
        using StreamWriter file = File.CreateText(path);
        for (int i = 0; i < Conversations; i++)
        {
            random.Shuffle(signs);
            string[] records = [.. signs.Take(random.Next(4, MostRecords + 1)).Select(sign => $"{sign} {string.Join(' ', random.GetItems(words, random.Next(ShortestRecord, LongestRecord + 1)))}")];
            int[] asked = [.. Enumerable.Range(0, records.Length)];
            random.Shuffle(asked);
            var messages = new List<object>();
            foreach (int record in asked.Take(random.Next(2, 4)))
            {
                string question = $"<repeat> {records[record][..3]}";
                messages.Add(new { role = "user", content = messages.Count == 0 ? $"{string.Join(' ', records)} {question}" : question });
                messages.Add(new { role = "assistant", content = records[record][4..] });
            }

            file.WriteLine(JsonSerializer.Serialize(new { messages }, Json));
        }
    }
}

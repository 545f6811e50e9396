using System.Text.Json;
using LongContext.Chat;

namespace LongContext.Samples.InstructionTuning;

/// <summary>Reads conversations: a JSON object a line, with "messages" of "role" and "content" as chat services have them.</summary>
internal static class Conversations
{
    public static IReadOnlyList<IReadOnlyList<ChatTurn>> Read(string path)
    {
        var conversations = new List<IReadOnlyList<ChatTurn>>();
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                using JsonDocument json = JsonDocument.Parse(line);
                conversations.Add([.. json.RootElement.GetProperty("messages").EnumerateArray().Select(Turn)]);
            }
            catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                throw new InvalidDataException($"{path}, line {number}: expected an object with \"messages\", a list of objects with \"role\" and \"content\" ({fault.Message})", fault);
            }
        }

        return conversations.Count > 0 ? conversations : throw new InvalidDataException($"{path}: there is no conversation in it.");
    }

    private static ChatTurn Turn(JsonElement message) =>
        new(message.GetProperty("role").GetString() ?? throw new InvalidOperationException("a role is null"), message.GetProperty("content").GetString() ?? throw new InvalidOperationException("a content is null"));
}

using System.Text.Json;

namespace LongContext.Tokenization.Models;

/// <summary>Pieces and their ids, both ways.</summary>
internal sealed class Vocabulary
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;

    public Vocabulary(Dictionary<string, int> ids)
    {
        _ids = ids;
        _idsBySpan = ids.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public IReadOnlyDictionary<string, int> Ids => _ids;

    public bool TryGetId(ReadOnlySpan<char> piece, out int id) => _idsBySpan.TryGetValue(piece, out id);

    public static Vocabulary Read(JsonField field)
    {
        if (field.Value.ValueKind != JsonValueKind.Object) throw field.Fault("expected an object of pieces and ids");
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (JsonProperty entry in field.Value.EnumerateObject())
        {
            string piece = field.NameOf(entry, "a piece");
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id) || id < 0)
                throw field.Fault($"the id of \"{piece}\" is {entry.Value.GetRawText()}, expected an integer from 0");
            if (!ids.TryAdd(piece, id)) throw field.Fault($"the piece \"{piece}\" stands there twice");
        }

        if (ids.Count == 0) throw field.Fault("the vocabulary is empty");
        return new Vocabulary(ids);
    }
}

using LongContext.Checkpoints;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>
/// The rotary tables of a model: one kind of rows for each type of layers that has positions, whether or not types have the same
/// settings, so that a layer's kind stays when the settings are changed.
/// </summary>
internal sealed class RotaryEmbedding : IDisposable
{
    /// <summary>The kind of a layer without positions.</summary>
    public const int NoPositions = -1;

    private readonly int[] kinds;

    /// <summary>By kind; kinds of the same settings share one.</summary>
    private readonly RotaryTables[] tables;

    public RotaryEmbedding(ModelConfig config, IReadOnlyList<LayerShape> layers, Device device, ScalarType dataType)
    {
        string[] types = [.. layers.Where(layer => layer.HasPositions).Select(layer => layer.Type).Distinct()];
        kinds = [.. layers.Select(layer => layer.HasPositions ? Array.IndexOf(types, layer.Type) : NoPositions)];
        var bySettings = new Dictionary<RopeSettings, RotaryTables>();
        tables = [.. types.Select(TablesOf)];

        RotaryTables TablesOf(string type)
        {
            RopeSettings settings = config.RopeOf(type);
            if (!bySettings.TryGetValue(settings, out RotaryTables? made))
                bySettings.Add(settings, made = new RotaryTables(settings.Scaling, config.RopeParametersOf(type), device, dataType));
            return made;
        }
    }

    /// <summary>Which of the rows a layer uses; <see cref="NoPositions"/> for none.</summary>
    public int KindOf(int layer) => kinds[layer];

    /// <summary>Rows for positions, of each kind; <paramref name="sequenceLengths"/> holds, for each document, the length its frequencies are for.</summary>
    public RotaryRows[] Rows(ReadOnlySpan<int> positions, ReadOnlySpan<int> cumulativeLengths, ReadOnlySpan<int> sequenceLengths)
    {
        var rows = new RotaryRows[tables.Length];
        for (int kind = 0; kind < rows.Length; kind++)
        {
            int same = Array.IndexOf(tables, tables[kind]);
            rows[kind] = same < kind ? rows[same] : tables[kind].Rows(positions, cumulativeLengths, sequenceLengths);
        }

        return rows;
    }

    /// <summary>Rows for the same positions under a remapping, of each kind.</summary>
    public RemappedRows[] RemappedRows(PositionRemapping remapping, ReadOnlySpan<int> positions) => RemappedRows(remapping, positions, positions);

    /// <summary>As above, for queries and keys at positions of their own.</summary>
    public RemappedRows[] RemappedRows(PositionRemapping remapping, ReadOnlySpan<int> queries, ReadOnlySpan<int> keys)
    {
        int[] queryPositions = queries.ToArray(), keyPositions = keys.ToArray();
        var rows = new RemappedRows[tables.Length];
        for (int kind = 0; kind < rows.Length; kind++)
        {
            RotaryTables table = tables[kind];
            rows[kind] = new RemappedRows(
                [.. Enumerable.Range(0, remapping.ViewCount).Select(view => Mapped(queryPositions, position => remapping.QueryPosition(view, position)))],
                [.. Enumerable.Range(0, remapping.KeyMapCount).Select(map => Mapped(keyPositions, position => remapping.KeyPosition(map, position)))]);

            RotaryRows Mapped(int[] documentPositions, Func<int, int> position)
            {
                // Only frequencies that do not depend on length are remapped, so one run with borders from end to end will do.
                int[] mapped = Array.ConvertAll(documentPositions, p => position(p));
                return table.Rows(mapped, [0, mapped.Length], [mapped.Length]);
            }
        }

        return rows;
    }

    public void Dispose()
    {
        foreach (RotaryTables each in tables) each.Dispose();
    }
}

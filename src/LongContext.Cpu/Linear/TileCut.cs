using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>How a product of many rows is cut into tiles.</summary>
/// <param name="OutputPanels">Panels of outputs in a tile.</param>
/// <param name="OutputTiles">Tiles across the outputs.</param>
/// <param name="RowPanels">Panels of six rows in a tile.</param>
/// <param name="RowTiles">Tiles across the rows.</param>
/// <param name="Width">Outputs of a panel.</param>
internal readonly record struct TileCut(int OutputPanels, int OutputTiles, int RowPanels, int RowTiles, int Width = WeightPanel.Outputs)
{
    /// <summary>Outputs of a tile below which rows are cut instead.</summary>
    private const int FewestOutputs = 16;

    /// <summary>Like shares for all workers and some to even out; rows are cut where the outputs are too few for that.</summary>
    /// <param name="team">Who computes.</param>
    /// <param name="outputs">Rows of W.</param>
    /// <param name="rows">Rows of x.</param>
    /// <param name="most">The most panels of outputs that a tile should have, for the caches.</param>
    /// <param name="width">Outputs of a panel.</param>
    public static TileCut Choose(CpuTeam team, int outputs, int rows, int most, int width = WeightPanel.Outputs)
    {
        int panels = (int)(((long)outputs + width - 1) / width);
        int wanted = team.Workers == 1 ? 1 : 2 * team.Workers;
        int tiles = (panels + most - 1) / most;
        tiles = Math.Max(tiles, Math.Min((tiles + wanted - 1) / wanted * wanted, panels / Math.Max(1, FewestOutputs / width)));
        int height = (panels + tiles - 1) / tiles;
        tiles = (panels + height - 1) / height;
        int rowPanels = (rows + RowPanel.Rows - 1) / RowPanel.Rows;
        int cuts = Math.Clamp((wanted + tiles - 1) / tiles, 1, rowPanels);
        int rowHeight = (rowPanels + cuts - 1) / cuts;
        return new TileCut(height, tiles, rowHeight, (rowPanels + rowHeight - 1) / rowHeight, width);
    }

    /// <summary>All tiles.</summary>
    public int Count => OutputTiles * RowTiles;

    /// <summary>What a tile covers: outputs and rows, from and up to.</summary>
    public (int First, int End, int FirstRow, int EndRow) Of(int tile, int outputs, int rows)
    {
        int first = tile % OutputTiles * OutputPanels * Width, row = tile / OutputTiles * RowPanels * RowPanel.Rows;
        return (first, Math.Min(first + (OutputPanels * Width), outputs), row, Math.Min(row + (RowPanels * RowPanel.Rows), rows));
    }
}

using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>Many rows: a tile widens a block of outputs into the worker's scratch memory, then takes all rows through it.</summary>
internal unsafe struct PanelWork : ITileWork
{
    /// <summary>A block of widened weights stays within this: about half of a second-level cache.</summary>
    private const long BlockBytes = 512 << 10;

    /// <summary>The same for few rows, which use each weight a few times only: the first-level cache.</summary>
    private const long SmallBlockBytes = 16 << 10;

    /// <summary>Panels of a block below which rows are cut rather than outputs.</summary>
    private const int FewestPanels = 4;

    private WeightMatrix weight;
    private float* x;
    private int rows;
    private int rowsOfTile;
    private int outputsOfTile;
    private int panelsOfBlock;
    private int outputTiles;
    private LinearResult result;
    private CpuTeam team;

    /// <summary>Computes all outputs of packed rows.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* packed, int rows, LinearResult result)
    {
        if (weight.HasRowScales) result.Scales = (float*)weight.Scales;
        long panelBytes = WeightPanel.Size(weight.Inputs) * sizeof(float);
        int panels = (int)(((long)weight.Outputs + WeightPanel.Outputs - 1) / WeightPanel.Outputs);
        bool few = rows <= 2 * RowPanel.Rows;
        int block = (int)Math.Clamp((few ? SmallBlockBytes : BlockBytes) / panelBytes, 1, 64);
        int tile = few ? Math.Max(block, 16) : block;
        int tiles = (panels + tile - 1) / tile;
        // Like shares for everyone, and some to even out; where outputs are too few for that, rows are cut too.
        int wanted = team.Workers == 1 ? 1 : 2 * team.Workers;
        tiles = Math.Clamp((tiles + wanted - 1) / wanted * wanted, 1, Math.Max(1, panels / FewestPanels));
        tile = (panels + tiles - 1) / tiles;
        tiles = (panels + tile - 1) / tile;
        int rowPanels = (rows + RowPanel.Rows - 1) / RowPanel.Rows;
        int cuts = few ? 1 : Math.Min(rowPanels, (wanted + tiles - 1) / tiles);
        int rowTile = (rowPanels + cuts - 1) / cuts;
        block = Math.Min(block, tile);
        team.ReserveScratch(panelBytes * block);
        var work = new PanelWork
        {
            weight = weight, x = packed, rows = rows, rowsOfTile = rowTile * RowPanel.Rows, outputsOfTile = tile * WeightPanel.Outputs, panelsOfBlock = block, outputTiles = tiles,
            result = result, team = team,
        };
        team.Run(ref work, tiles * ((rowPanels + rowTile - 1) / rowTile));
    }

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        int first = tile % outputTiles * outputsOfTile, end = Math.Min(first + outputsOfTile, weight.Outputs);
        int firstRow = tile / outputTiles * rowsOfTile, endRow = Math.Min(firstRow + rowsOfTile, rows);
        int outputs = panelsOfBlock * WeightPanel.Outputs;
        for (; first < end; first += outputs) Block(first, Math.Min(first + outputs, end), firstRow, endRow, (float*)team.Scratch(worker));
    }

    private readonly void Block(int first, int end, int firstRow, int endRow, float* panels)
    {
        nint chunks = RowPanel.Chunks(weight.Inputs);
        nint panelSize = chunks * 64;
        float* panel = panels;
        for (int output = first; output < end; output += WeightPanel.Outputs, panel += panelSize) WeightPanel.Pack(weight, output, panel);
        float* sums = stackalloc float[24];
        for (int row = firstRow; row < endRow; row += RowPanel.Rows)
        {
            float* tileRows = x + (row * chunks * 16);
            int count = Math.Min(RowPanel.Rows, endRow - row);
            panel = panels;
            for (int output = first; output < end; output += WeightPanel.Outputs, panel += panelSize)
            {
                var w = (byte*)panel;
                switch (RowPanel.Height(count))
                {
                    case 6: DotTile.Rows6<PanelLoader>(tileRows, w, w + 64, w + 128, w + 192, chunks, sums); break;
                    case 4: DotTile.Rows4<PanelLoader>(tileRows, w, w + 64, w + 128, w + 192, chunks, sums); break;
                    case 2: DotTile.Rows2<PanelLoader>(tileRows, w, w + 64, w + 128, w + 192, chunks, sums); break;
                    default: DotTile.Rows1<PanelLoader>(tileRows, w, w + 64, w + 128, w + 192, chunks, sums); break;
                }

                result.Write(sums, row, count, output, weight.Outputs);
            }
        }
    }
}

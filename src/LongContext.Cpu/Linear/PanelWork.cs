using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>Many rows: a tile widens a block of outputs into the worker's scratch memory, then takes all rows through it.</summary>
internal unsafe struct PanelWork : ITileWork
{
    /// <summary>A block of widened weights stays within this: about half of a second-level cache.</summary>
    private const long BlockBytes = 512 << 10;

    private WeightMatrix weight;
    private float* x;
    private int rows;
    private int block;
    private LinearResult result;
    private CpuTeam team;

    /// <summary>Computes all outputs of packed rows.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* packed, int rows, LinearResult result)
    {
        if (weight.HasRowScales) result.Scales = (float*)weight.Scales;
        long panelBytes = WeightPanel.Size(weight.Inputs) * sizeof(float);
        int panels = (weight.Outputs + WeightPanel.Outputs - 1) / WeightPanel.Outputs;
        int most = (int)Math.Clamp(BlockBytes / Math.Max(1, panelBytes), 1, 64);
        int blocks = (panels + most - 1) / most;
        if (team.Workers > 1) // the same number of like blocks for everyone, and some to even out
        {
            int multiple = 2 * team.Workers;
            blocks = Math.Min(panels, (blocks + multiple - 1) / multiple * multiple);
        }

        int height = (panels + blocks - 1) / blocks;
        team.ReserveScratch(panelBytes * height);
        var work = new PanelWork { weight = weight, x = packed, rows = rows, block = height * WeightPanel.Outputs, result = result, team = team };
        team.Run(ref work, (panels + height - 1) / height);
    }

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        int first = tile * block, end = Math.Min(first + block, weight.Outputs);
        nint chunks = RowPanel.Chunks(weight.Inputs);
        nint panelSize = chunks * 64;
        var panels = (float*)team.Scratch(worker);
        float* panel = panels;
        for (int output = first; output < end; output += WeightPanel.Outputs, panel += panelSize) WeightPanel.Pack(weight, output, panel);
        float* sums = stackalloc float[24];
        for (int row = 0; row < rows; row += RowPanel.Rows)
        {
            float* tileRows = x + (row * chunks * 16);
            int count = Math.Min(RowPanel.Rows, rows - row);
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

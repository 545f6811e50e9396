using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Checking;

/// <summary>
/// The stricter check between lanes of one warp: a word that one lane wrote is another's to read, and one that a lane read is another's
/// to write, only after bar.warp.sync, a barrier of the block or a phase of a memory barrier that was waited for. Accesses narrower than a word are left out: neighbours share words.
/// </summary>
internal sealed class LaneOrder(int words)
{
    private const uint Many = 63;
    private readonly uint[] writers = new uint[words + 4];
    private readonly uint[] readers = new uint[words + 4];

    public void Reset()
    {
        Array.Clear(writers);
        Array.Clear(readers);
    }

    /// <summary>With <paramref name="forOthers"/> the value goes to other lanes too, as ldmatrix passes it on.</summary>
    public void Read(Warp w, int lane, int address, int bytes, bool forOthers)
    {
        uint reader = forOthers ? Many : (uint)lane;
        for (int word = address >> 2; word <= (address + bytes - 1) >> 2; word++)
        {
            uint writer = writers[word];
            if (Same(writer, w) && (writer & 63) != reader)
                throw Fault(w, lane, word, "read", "written", writer);
            if (forOthers)
                continue; // All lanes take part in the one read: no lane's later write can come before it.
            uint earlier = readers[word];
            readers[word] = Stamp(w, Same(earlier, w) && (earlier & 63) != reader ? Many : reader);
        }
    }

    public void Write(Warp w, int lane, int address, int bytes)
    {
        for (int word = address >> 2; word <= (address + bytes - 1) >> 2; word++)
        {
            if (bytes < 4)
            {
                writers[word] = 0;
                continue;
            }
            uint reader = readers[word], writer = writers[word];
            if (Same(reader, w) && (reader & 63) != (uint)lane)
                throw Fault(w, lane, word, "written", "read", reader);
            if (Same(writer, w) && (writer & 63) != (uint)lane)
                throw Fault(w, lane, word, "written", "written", writer);
            writers[word] = Stamp(w, (uint)lane);
        }
    }

    private static bool Same(uint stamp, Warp w) => stamp >> 6 == Stamp(w, 0) >> 6;

    private static uint Stamp(Warp w, uint lane) => (w.LaneEpoch << 11) | ((uint)w.Index << 6) | lane;

    private static EmulationException Fault(Warp w, int lane, int word, string now, string before, uint stamp) => w.Fault(EmulationFault.Race, 1u << lane,
        $"shared word at {word * 4} is {now} by lane {lane} and {before} by {((stamp & 63) == Many ? "several lanes" : $"lane {stamp & 63}")} of the same warp, with no bar.warp.sync between");
}

"""Segments of a sequence, one a rank: states and borders are passed on (arXiv 2405.21060, section 8.2)."""
import compose
import torch
import torch.nn.functional as F


class Sequence(compose.Alone):
    """What a rank with one segment of the tokens asks of the others."""

    def __init__(self, group, passing):
        """@param passing chain: from rank to rank. tree: in rounds, each twice as far as the one before"""
        self.group, self.passing = group, passing

    def pass_on(self, pass_on):
        """Between chunk states and the recurrence over chunks: the state that enters the segment comes from the ranks before."""
        if self.group.size == 1:
            return pass_on

        def over_ranks(states, total, carry):
            # float64: a segment's log decay sums as many numbers as it has chunks
            behind = F.pad(total.to(torch.float64).flip(1).cumsum(1).flip(1), (0, 0, 0, 0, 0, 1))
            to_end = behind[:, 1:].exp().to(torch.float32)
            own = (states * to_end[:, :, :, None, :, None]).sum(1)
            # the recurrence replaces states in place; a graph that is differentiated needs them again
            kept = states.clone() if states.requires_grad else states
            entering = PassStates.apply(self, carry, behind[:, 0].to(torch.float32), own)
            return pass_on(kept, total, entering)

        return over_ranks

    def border(self, before, rows):
        return before if before.shape[1] == 0 else Border.apply(self.group, before, rows)

    def scan(self, direction, carry, log_decay, own):
        """
        What reaches this rank of S <- exp(log_decay) S + own over the ranks in front of it, from `carry` on.
        @param direction 1: from the first rank to the last; -1: back
        """
        group = self.group
        place = group.rank if direction == 1 else group.size - 1 - group.rank
        scans = {"chain": self._chain, "tree": self._tree}
        return scans[self.passing](direction, place, carry, log_decay, own)

    def _chain(self, direction, place, carry, log_decay, own):
        group = self.group
        state = carry if place == 0 else group.receive(torch.empty_like(carry), group.rank - direction)
        if place < group.size - 1:
            after = torch.addcmul(own, state, wide(log_decay.exp()))
            group.send(after, group.rank + direction)()
        return state

    def _tree(self, direction, place, carry, log_decay, own):
        """
        Hillis and Steele's scan: after a round, what a rank has covers twice as many. Log decays are added, and exponentials taken of
        their sums: nothing is divided, and a decay that is too small for a number is 0.
        """
        group, all_decay = self.group, log_decay
        # of the ranks in front alone
        state, state_decay = carry, torch.zeros_like(log_decay)
        if place == 0:
            own = torch.addcmul(own, carry, wide(log_decay.exp()))
        distance = 1
        while distance < group.size:
            finish = None
            if place + distance < group.size:
                finish = group.send(torch.cat([own.flatten(), all_decay.flatten()]), group.rank + direction * distance)
            if place >= distance:
                packed = group.receive(own.new_empty(own.numel() + log_decay.numel()), group.rank - direction * distance)
                theirs, their_decay = packed[: own.numel()].view_as(own), packed[own.numel() :].view_as(log_decay)
                state = theirs if distance == 1 else torch.addcmul(state, theirs, wide(state_decay.exp()))
                state_decay = state_decay + their_decay
                own = torch.addcmul(own, theirs, wide(all_decay.exp()))
                all_decay = all_decay + their_decay
            if finish is not None:
                finish()
            distance *= 2
        return state


class PassStates(torch.autograd.Function):
    """The state that enters this rank's segment. Backward, what leaves a segment's state is passed on from the last rank to the first."""

    @staticmethod
    def forward(ctx, sequence, carry, log_decay, own):
        entering = sequence.scan(1, carry.contiguous(), log_decay, own.contiguous())
        ctx.sequence = sequence
        ctx.save_for_backward(log_decay, entering)
        # an output of its own, also where it is the carry
        return entering.clone()

    @staticmethod
    def backward(ctx, of_entering):
        log_decay, entering = ctx.saved_tensors
        of_entering = of_entering.contiguous()
        nothing = torch.zeros_like(of_entering)
        # of the state that leaves the segment, as the ranks behind see it
        of_leaving = ctx.sequence.scan(-1, nothing, log_decay, of_entering)
        decayed = of_leaving * wide(log_decay.exp())
        of_log_decay = (decayed * entering).sum((2, 4))
        of_carry = of_entering + decayed if ctx.sequence.group.rank == 0 else nothing
        return None, of_carry, of_log_decay, of_leaving


class Border(torch.autograd.Function):
    """The last rows of the ranks before, as many as a convolution looks back."""

    @staticmethod
    def forward(ctx, group, before, rows):
        past, before = before.shape[1], before.contiguous()
        ctx.group, ctx.past, ctx.tokens = group, past, rows.shape[1]
        if group.rank > 0 and rows.shape[1] < past:
            # a short segment hands on what it was handed
            before = group.receive(torch.empty_like(before), group.rank - 1)
        finish = None
        if group.rank < group.size - 1:
            finish = group.send(torch.cat([before, rows], 1)[:, -past:], group.rank + 1)
        if group.rank > 0 and rows.shape[1] >= past:
            before = group.receive(torch.empty_like(before), group.rank - 1)
        if finish is not None:
            finish()
        return before.clone()

    @staticmethod
    def backward(ctx, of_before):
        group, past, tokens = ctx.group, ctx.past, ctx.tokens
        of_seen = torch.cat([of_before, of_before.new_zeros(of_before.shape[0], tokens, of_before.shape[2])], 1)
        if group.rank < group.size - 1:
            of_seen[:, -past:] += group.receive(torch.empty_like(of_before), group.rank + 1)
        of_before, of_rows = of_seen[:, :past].contiguous(), of_seen[:, past:]
        if group.rank > 0:
            group.send(of_before, group.rank - 1)()
            of_before = torch.zeros_like(of_before)
        return None, of_before, of_rows


def wide(decay):
    """(b g k) beside states (b g n k p)"""
    return decay[:, :, None, :, None]

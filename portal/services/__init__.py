"""One method for each step of the way: ask the policy, act, append the audit event, commit once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portal.services.accounts import AccountService
    from portal.services.asking import AskingService
    from portal.services.audit import AuditService
    from portal.services.cases import CaseService
    from portal.services.checking import CheckingService
    from portal.services.classification import ClassificationService
    from portal.services.completion import CompletionService
    from portal.services.copies import CopyService
    from portal.services.copy_requests import CopyRequestService
    from portal.services.corrections import CorrectionService
    from portal.services.decisions import DecisionService
    from portal.services.fixity import FixityService
    from portal.services.hearing import HearingService
    from portal.services.intake import IntakeService
    from portal.services.listing import ListingService
    from portal.services.login_bindings import LoginBindingService
    from portal.services.own_account import OwnAccountService
    from portal.services.parties import PartyService
    from portal.services.people import PeopleService
    from portal.services.playing import PlayingService
    from portal.services.preparation import PreparationService
    from portal.services.private_views import PrivateViewService
    from portal.services.recognition import RecognitionService
    from portal.services.recovery import RecoveryService
    from portal.services.releases import ReleaseService
    from portal.services.rights import RightsService
    from portal.services.rights_lists import RightsLists
    from portal.services.saved_searches import SavedSearchService
    from portal.services.sealing import SealingService
    from portal.services.search import SearchService
    from portal.services.second_factor import SecondFactorService
    from portal.services.security_keys import SecurityKeyService
    from portal.services.supervision import SupervisionService
    from portal.services.system import SystemService
    from portal.services.tasks import TaskService
    from portal.services.tokens import TokenService
    from portal.services.transfer import TransferService
    from portal.services.urgent import UrgentService
    from portal.services.verification import VerificationService
    from portal.services.viewing import ViewingService


@dataclass(frozen=True)
class Services:
    """Every service of an installation, as views and commands are given them."""

    accounts: AccountService
    cases: CaseService
    private_views: PrivateViewService
    checking: CheckingService
    classification: ClassificationService
    intake: IntakeService
    transfer: TransferService
    sealing: SealingService
    audit: AuditService
    fixity: FixityService
    tasks: TaskService
    viewing: ViewingService
    search: SearchService
    saved: SavedSearchService
    completion: CompletionService
    asking: AskingService
    copy_requests: CopyRequestService
    preparation: PreparationService
    releases: ReleaseService
    decisions: DecisionService
    copies: CopyService
    verification: VerificationService
    parties: PartyService
    own_account: OwnAccountService
    people: PeopleService
    recovery: RecoveryService
    rights: RightsService
    rights_lists: RightsLists
    second_factor: SecondFactorService
    security_keys: SecurityKeyService
    login_bindings: LoginBindingService
    urgent: UrgentService
    system: SystemService
    listing: ListingService
    recognition: RecognitionService
    hearing: HearingService
    corrections: CorrectionService
    playing: PlayingService
    supervision: SupervisionService
    tokens: TokenService
